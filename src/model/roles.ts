/** What a viewer may do. `metrics` opens nothing in the graph; the server asks for it at `/metrics`. */
export type Role = "reader" | "operator" | "router" | "metrics";

/** Every role there is. */
export const ALL_ROLES: readonly Role[] = ["reader", "operator", "router", "metrics"];

/** Roles for client certificates by their subject's CN or by a SAN; `*` is every certificate that our CA signed. */
export type CertificateRoles = Readonly<Record<string, readonly Role[]>>;
