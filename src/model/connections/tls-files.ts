/** Paths of the PEM files that a TLS connection to a host needs, and the name to verify. */
export interface TlsFiles {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly serverName: string | null;
  /** The passphrase of the key, if it is encrypted. */
  readonly passphrase?: string;
}
