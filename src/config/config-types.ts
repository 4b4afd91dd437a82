import type { CertificateRoles } from "../model/roles.js";
import type { GuestLimits } from "../model/guest/guest-limits.js";
import type { HostAddress } from "../model/connections/host-address.js";
import type { Limits } from "../model/limits.js";
import type { SubgraphNames } from "../model/subgraph-names.js";
import type { TlsFiles } from "../model/connections/tls-files.js";
import type { SettingValues } from "./settings.js";

/** All settings, checked and frozen. Nothing else in the process reads the environment. */
export interface Config {
  readonly host: string;
  readonly port: number;
  readonly databaseUrl: string | null;
  /** The most connections to the database. */
  readonly databasePoolSize: number;
  readonly source: "hosts" | "engine";
  /** `null`: none are named. */
  readonly vdsmHosts: readonly HostAddress[] | null;
  /** The transport to hosts. `null`: neither certificates nor `VDSM_TLS=off` are set, so no host can be polled. */
  readonly vdsmTransport: TlsFiles | "plain" | null;
  readonly vdsmTimeoutMs: number;
  /** `null`: polling is off. */
  readonly refreshIntervalMs: number | null;
  readonly refreshConcurrency: number;
  readonly historyRetentionMs: number | null;
  readonly vdsmMaxAnswerBytes: number;
  readonly guestNicIgnore: readonly RegExp[];
  readonly guestLimits: GuestLimits;
  readonly redisUrl: string | null;
  /**
   * The folder of an embedded PostgreSQL. The demo has a folder of its own below it, so that it never touches real
   * data.
   */
  readonly dataDir: string;
  /** `true` if neither a database nor hosts are named: the demo cluster runs. */
  readonly demo: boolean;
  readonly identity: IdentityConfig;
  readonly serverTls: {
    readonly certFile: string;
    readonly keyFile: string;
    readonly clientCaFile: string | null;
    readonly passphrase?: string;
  } | null;
  readonly allowedHosts: readonly string[];
  readonly corsOrigins: readonly string[];
  readonly corsHeaders: readonly string[];
  readonly basePath: string;
  readonly trustedProxies: readonly string[];
  /** How long clients may keep an answer; 0: not at all. */
  readonly cacheMaxAgeMs: number;
  /** Memory for VMs and answers that are kept; 0: none are. */
  readonly cacheBytes: number;
  readonly trustedDocumentsFile: string | null;
  readonly limits: Partial<Limits>;
  readonly graphiql: boolean;
  readonly federation: "whole" | "contribute" | "off";
  /** The names of types and keys with `contribute`. */
  readonly federationNames: SubgraphNames;
  readonly federationTrace: boolean;
  readonly logLevel: SettingValues["LOG_LEVEL"];
}

/** Settings of identity. If all are `null` or `false`, everybody who reaches the server may ask. */
export interface IdentityConfig {
  readonly tokensFile: string | null;
  readonly oidc: { readonly issuer: string; readonly audience: string; readonly rolesClaim: string } | null;
  /** How the portal signs people in at that issuer; `null`: with tokens alone. */
  readonly signIn: SignInConfig | null;
  /** Roles by the name in a client certificate; `null`: no certificate is requested. */
  readonly certificateRoles: CertificateRoles | null;
}

/** How pages sign people in at an OpenID Connect issuer. They are a public client, so none of these values is secret. */
export interface SignInConfig {
  readonly issuer: string;
  readonly audience: string;
  readonly clientId: string;
  readonly scope: string;
}
