import type { IdentityConfig } from "../config.js";
import type { Log } from "./log.js";
import { createCertificateIdentity } from "../server/identity/client-certificates.js";
import {
  createIdentity,
  createOpenIdentity,
  type Identity,
  type IdentitySource,
} from "../server/identity/identity.js";
import { loadTokenFile } from "../server/identity/token-file.js";

/** The identity that the settings ask for. */
export interface LoadedIdentity {
  readonly identity: Identity;
  /** Reads the token file again. */
  reload(): Promise<void>;
}

/**
 * Opens every way of identity that is set. If none is set, everybody is let in. Throws if the token file cannot be
 * used.
 */
export async function loadIdentity(config: IdentityConfig, log: Log): Promise<LoadedIdentity> {
  const sources: IdentitySource[] = [];
  const tokens = config.tokensFile === null ? null : await loadTokenFile(config.tokensFile, log);
  if (tokens !== null) sources.push(tokens);
  if (config.oidc !== null) {
    // It is loaded only if it is needed, because loading it takes time at every start.
    const { createOpenIdConnectIdentity } = await import("../server/identity/open-id-connect.js");
    sources.push(createOpenIdConnectIdentity({ ...config.oidc, log }));
  }
  if (config.certificateRoles !== null) sources.push(createCertificateIdentity(config.certificateRoles));
  return {
    identity: sources.length === 0 ? createOpenIdentity() : createIdentity(sources),
    reload: () => tokens?.reload() ?? Promise.resolve(),
  };
}
