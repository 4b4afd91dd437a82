import { parseHostHeader } from "../../../model/connections/host-address.js";
import { isIP } from "node:net";
import { HttpError } from "../../errors.js";

/** Names that always mean this machine; no attacker's DNS can point them elsewhere. */
const LOOPBACK_NAMES: readonly string[] = ["localhost"];

/**
 * Refuses a request for a name that is not ours. A web page whose own name was rebound to our address (DNS rebinding)
 * still sends its own name. Literal addresses cannot be rebound. In the list, `*.example.org` stands for one label
 * more, and `*` for every name.
 */
export function checkHost(host: string | undefined, allowedHosts: readonly string[]): void {
  if (allowedHosts.includes("*")) return;
  // A dot at the end says that the name is complete; it is the same name.
  const name = host === undefined ? null : (parseHostHeader(host)?.replace(/\.$/, "") ?? null);
  if (
    name !== null &&
    (isIP(name) !== 0 || LOOPBACK_NAMES.includes(name) || isListed(name, host, allowedHosts))
  )
    return;
  throw new HttpError(
    421,
    "HOST_NOT_ALLOWED",
    "This server does not answer for the requested host name. Its operator can list the name in ALLOWED_HOSTS.",
  );
}

/** Tells whether a pattern such as `*.example.org` matches a name: the name has exactly one label more. */
function matchesLabel(name: string, pattern: string): boolean {
  if (!pattern.startsWith("*.")) return false;
  const [pure = ""] = pattern.toLowerCase().split(":", 1);
  const dot = name.indexOf(".");
  return dot > 0 && name.slice(dot) === pure.slice(1);
}

function isListed(name: string, host: string | undefined, allowedHosts: readonly string[]): boolean {
  return allowedHosts.some(
    (each) =>
      each.toLowerCase() === name || each.toLowerCase() === host?.toLowerCase() || matchesLabel(name, each),
  );
}
