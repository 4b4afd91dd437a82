import type { CertificateRoles } from "../model/roles.js";
import type { GuestLimits } from "../model/guest/guest-limits.js";
import type { HostAddress } from "../model/connections/host-address.js";
import type { Limits } from "../model/limits.js";
import type { SubgraphNames } from "../model/subgraph-names.js";
import type { TlsFiles } from "../model/connections/tls-files.js";
import type { SettingValues } from "./settings.js";

/** Everything that can be set, checked and frozen; nothing else of the process reads the environment. */
export interface Config {
  readonly host: string;
  readonly port: number;
  readonly databaseUrl: string | null;
  /** Connections to the database, at most. */
  readonly databasePoolSize: number;
  readonly source: "hosts" | "engine";
  /** `null`: none are named. */
  readonly vdsmHosts: readonly HostAddress[] | null;
  /** How hosts are spoken to; `null`: neither certificates nor `VDSM_TLS=off` are given, so that none can be polled. */
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
   * Where an embedded PostgreSQL keeps its data. The demo has a folder of its own below, so that real data stays real.
   */
  readonly dataDir: string;
  /** Neither a database nor hosts are named: the demo cluster runs. */
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
  /** How long clients may keep an answer, and what memory is for answers of the last second; 0: none. */
  readonly cacheMaxAgeMs: number;
  readonly cacheBytes: number;
  readonly trustedDocumentsFile: string | null;
  readonly limits: Partial<Limits>;
  readonly graphiql: boolean;
  readonly federation: "whole" | "contribute" | "off";
  /** What types of `contribute` are called. */
  readonly federationNames: SubgraphNames;
  readonly federationTrace: boolean;
  readonly logLevel: SettingValues["LOG_LEVEL"];
}

/** Settings of identity. If all are `null` or `false`, everybody who reaches the address may ask. */
export interface IdentityConfig {
  readonly tokensFile: string | null;
  readonly oidc: { readonly issuer: string; readonly audience: string; readonly rolesClaim: string } | null;
  /** How the portal signs people in at that issuer; `null`: with tokens alone. */
  readonly signIn: SignInConfig | null;
  /** Roles by name in a client certificate; `null`: certificates are not asked for. */
  readonly certificateRoles: CertificateRoles | null;
}

/** How pages sign people in at an OpenID Connect issuer: as a public client, so that nothing of it is secret. */
export interface SignInConfig {
  readonly issuer: string;
  readonly audience: string;
  readonly clientId: string;
  readonly scope: string;
}
