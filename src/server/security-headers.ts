/** Headers of every answer: no sniffing, no framing, no referrer, and an answer that is data loads nothing. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
  "content-security-policy":
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};

/** Header of answers over TLS: browsers shall come back over TLS only. */
export const TRANSPORT_SECURITY = { "strict-transport-security": "max-age=31536000" };

/**
 * Formats the policy of our own pages: they load everything from us alone. Monaco, the editor in GraphiQL, needs inline
 * styles and workers. `connectTo` lists further origins that pages may ask, such as an issuer's.
 */
export function formatPagePolicy(connectTo: readonly string[] = []): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "font-src 'self' data:",
    "img-src 'self' data:",
    ["connect-src 'self'", ...connectTo].join(" "),
    "worker-src 'self' blob:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}
