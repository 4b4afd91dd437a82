/** What a viewer may do. `metrics` gives no rights in the graph; the server requires it for `/metrics`. */
export type Role = "reader" | "operator" | "router" | "metrics";

/** All roles. */
export const ALL_ROLES: readonly Role[] = ["reader", "operator", "router", "metrics"];

/** The roles of client certificates, by the subject's CN or a SAN. `*` stands for every certificate that our CA signed. */
export type CertificateRoles = Readonly<Record<string, readonly Role[]>>;
