import type { IncomingHttpHeaders } from "node:http";
import { HttpError } from "../../errors.js";
import { isLoopbackHost, parseHostHeader } from "../../../model/connections/host-address.js";

/** What the check needs besides the headers. */
export interface CrossSiteRules {
  /** Origins that the operator lists (CORS). */
  readonly allowedOrigins: readonly string[];
  /** Whether the request came over TLS: browsers send Sec-Fetch-Site to https and to loopback only. */
  readonly secure: boolean;
}

/** Refuses what a browser sends on behalf of another site's page. Clients that are no browsers send none of these headers. */
export function checkCrossSite(method: string, headers: IncomingHttpHeaders, rules: CrossSiteRules): void {
  const { origin, host = "" } = headers;
  if (origin !== undefined && rules.allowedOrigins.includes(origin)) return;
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none") {
    throw createCrossSiteError("Sec-Fetch-Site says that the request comes from another site's page.");
  }
  // Sec-Fetch-Site decides if it is there. Without it, Origin is compared with the Host header, which a proxy may have
  // rewritten.
  if (site === undefined && origin !== undefined && !isOwnOrigin(origin, host)) {
    throw createCrossSiteError("Origin says that the request comes from another site's page.");
  }
  if (
    site === undefined &&
    !rules.secure &&
    !isLoopbackHost(parseHostHeader(host) ?? "") &&
    method === "GET" &&
    isSimple(headers)
  ) {
    throw new HttpError(
      403,
      "PREFLIGHT_REQUIRED",
      "Over plain http, GET needs a header that browsers do not send by themselves, such as apollo-require-preflight: 1.",
    );
  }
}

function createCrossSiteError(reason: string): HttpError {
  return new HttpError(403, "CROSS_SITE_REQUEST", `${reason} Origins may be listed in CORS_ORIGINS.`);
}

/** Tells whether an origin is the name by which the client calls us. Proxies may add the port that an origin leaves out. */
function isOwnOrigin(origin: string, host: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, host: own } = new URL(origin);
  return host.toLowerCase().replace(protocol === "https:" ? /:443$/ : /:80$/, "") === own;
}

/** Tells whether a page may cause the request without a preflight: it has none of the headers that need one. */
function isSimple(headers: IncomingHttpHeaders): boolean {
  const type = headers["content-type"] ?? "";
  return (
    headers["apollo-require-preflight"] === undefined &&
    headers["x-apollo-operation-name"] === undefined &&
    headers.authorization === undefined &&
    !/^application\/json\b/i.test(type)
  );
}
