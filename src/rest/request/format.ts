import { negotiateMediaType } from "../../model/media-types.js";

/** The form of an answer. */
export type Format = "xml" | "json";

/** Finds the form that the `Accept` header asks for; `null` if it accepts neither. XML if it does not say, as in oVirt. */
export function negotiateFormat(accept: string | undefined): Format | null {
  return negotiateMediaType(accept, [
    { name: "xml", types: ["application/xml", "text/xml"] },
    { name: "json", types: ["application/json"] },
  ]);
}
