import { isIP } from "node:net";
import { Refusal } from "../errors.js";

/** Names that always mean this machine; no attacker's DNS can point them elsewhere. */
const LOOPBACK_NAMES: readonly string[] = ["localhost"];

/**
 * Refuses a request for a name that is not ours: a web page whose own name was rebound to our address (DNS rebinding)
 * still sends its own name. Literal addresses cannot be rebound. `*` in the list allows every name.
 */
export function checkHost(host: string | undefined, allowedHosts: readonly string[]): void {
  if (allowedHosts.includes("*")) return;
  const name = host === undefined ? null : nameOf(host);
  if (
    name !== null &&
    (isIP(name) !== 0 || LOOPBACK_NAMES.includes(name) || isListed(name, host, allowedHosts))
  )
    return;
  throw new Refusal(421, "HOST_NOT_ALLOWED", "This server does not answer for the requested host name.");
}

/** The name or address of a Host header, without its port and brackets; `null` if it is malformed. */
export function nameOf(host: string): string | null {
  const parts = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::\d{1,5})?$/i.exec(host);
  return (parts?.[1] ?? parts?.[2])?.toLowerCase() ?? null;
}

function isListed(name: string, host: string | undefined, allowedHosts: readonly string[]): boolean {
  return allowedHosts.some(
    (each) => each.toLowerCase() === name || each.toLowerCase() === host?.toLowerCase(),
  );
}
