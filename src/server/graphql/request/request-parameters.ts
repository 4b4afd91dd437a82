import type { Limits } from "../../../model/limits.js";
import { HttpError } from "../../errors.js";
import type { RequestParameters } from "./documents.js";
import { parseSearchParameters } from "./search-parameters.js";

/** Reads the parameters of a POST from its parsed body, or throws what the client did wrong. */
export function parseBodyParameters(body: unknown): RequestParameters {
  if (Array.isArray(body)) {
    throw new HttpError(
      400,
      "BATCHING_NOT_SUPPORTED",
      "Send one operation a request; batches are not supported.",
    );
  }
  if (typeof body !== "object" || body === null) {
    throw new HttpError(400, "BAD_REQUEST", "The body must be a JSON object with a query.");
  }
  return dropEmptyName(body as RequestParameters);
}

/** Reads the parameters of a GET from its URL, or throws what the client did wrong. */
export function parseUrlParameters(url: string, limits: Pick<Limits, "jsonDepth">): RequestParameters {
  const at = url.indexOf("?");
  return dropEmptyName(parseSearchParameters(at === -1 ? "" : url.slice(at), limits.jsonDepth));
}

/** Drops an empty operation name, by which forms and some clients say that there is none. */
function dropEmptyName(given: RequestParameters): RequestParameters {
  if (given["operationName"] !== "") return given;
  return Object.fromEntries(Object.entries(given).filter(([name]) => name !== "operationName"));
}
