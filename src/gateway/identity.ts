import type { IdentityConfig } from "../config.js";
import type { Log } from "./log.js";
import { clientCertificates } from "../server/identity/client-certificates.js";
import { identityFrom, openToAll, type Identity, type IdentitySource } from "../server/identity/identity.js";
import { openIdConnect } from "../server/identity/open-id-connect.js";
import { openTokenFile } from "../server/identity/token-file.js";

/** Who may ask, by the settings. */
export interface OpenedIdentity {
  readonly identity: Identity;
  /** Reads the token file again. */
  reload(): Promise<void>;
}

/** Opens every way of identity that is set; none means that everybody is let in. Fails if the token file cannot be used. */
export async function openIdentity(config: IdentityConfig, log: Log): Promise<OpenedIdentity> {
  const sources: IdentitySource[] = [];
  const tokens = config.tokensFile === null ? null : await openTokenFile(config.tokensFile, log);
  if (tokens !== null) sources.push(tokens);
  if (config.oidc !== null) sources.push(openIdConnect(config.oidc));
  if (config.certificateRoles !== null) sources.push(clientCertificates(config.certificateRoles));
  return {
    identity: sources.length === 0 ? openToAll() : identityFrom(sources),
    reload: () => tokens?.reload() ?? Promise.resolve(),
  };
}
