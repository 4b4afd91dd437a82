/** Paths of the PEM files that a TLS connection to a host needs, and the name to verify. */
export interface TlsFiles {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly serverName: string | null;
  /** What the key is encrypted with, if it is. */
  readonly passphrase?: string;
}
