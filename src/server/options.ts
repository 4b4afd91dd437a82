import type { FastifyInstance, FastifyRequest } from "fastify";
import type { GraphQLSchema } from "graphql";
import type { Logger } from "pino";
import type { Identity, KnownViewer } from "./identity/identity.js";
import type { Limits } from "../model/limits.js";
import type { EstimateField } from "../graph/estimates/estimate-field.js";
import type { FastPath, ReadFailure } from "./graphql/fast-path.js";
import type { AnswerKeeper } from "./graphql/kept-answer.js";
import type { LiveMeter } from "./live/live-meter.js";
import type { TlsMaterial } from "./tls.js";

/** What a context is made for. */
export interface ServedRequest {
  readonly id: string;
  /** Aborted when the deadline passes or the client goes: whatever waits should stop then. */
  readonly signal: AbortSignal;
  /** Throws once the deadline has passed: whatever works without waiting should ask. */
  readonly check: () => void;
  /**
   * Has a listener called once, when the work for the request has ended: what it holds is given back then, and what the listener
   * returns settles when it is.
   */
  readonly onEnd: (listener: () => unknown) => void;
  /** Calls the listener when all that was read for the request has been used. A batch that is sent then is complete. */
  readonly whenIdle?: (listener: () => void) => void;
  /** Called when a subscriber reads too slowly to be told more, not even that: its connection has to end. */
  readonly onSlow?: () => void;
  /** Reading failed already: whatever is read for this request fails so, without asking again. */
  readonly readFailure?: ReadFailure;
}

/** How one GraphQL request ended. */
export interface ServedOperation {
  readonly status: number;
  /** `answered`, or the code of the error that stands for it. */
  readonly decision: string;
  readonly durationMs: number;
}

/** A request that the gate let in. */
export interface Admitted {
  readonly viewer: KnownViewer;
  readonly request: ServedRequest;
  /** The path in front of all paths, as this client sees the server: "" or `/vnic`. For links. */
  readonly basePath: string;
  /**
   * Asks once more who sends the request. Rejects if the credentials are not valid any more, or allow something else;
   * where nobody can say it at the moment, it stays as it was.
   */
  readonly checkAgain: () => Promise<void>;
  /**
   * Counts the request among the long lists that are open, until its connection ends. Throws 429 if the viewer has too many of
   * them, 503 if there are too many in all. Call it before anything is read.
   */
  readonly openList: () => void;
  /**
   * Runs a piece of a lasting request's work in a place, with a deadline of its own. Other routes run in one place as a
   * whole. A piece that reads many VMs is long: few of these run at once, so that shorter ones never wait for them.
   */
  readonly work: <Result>(
    job: (request: ServedRequest) => Promise<Result>,
    isLong?: boolean,
  ) => Promise<Result>;
}

/** Whether the gateway can serve, and if not, why. */
export interface Readiness {
  readonly ready: boolean;
  /** Why it cannot. */
  readonly reasons: readonly string[];
  /** What an operator should look at although it can. */
  readonly warnings?: readonly string[];
}

/** What pages are told of an OpenID Connect issuer and of the public client that they are there. */
export interface PageSignIn {
  readonly issuer: string;
  readonly audience: string;
  readonly clientId: string;
  readonly scope: string;
}

/** All that the server is given; it reads no settings of its own. */
export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  readonly schema: GraphQLSchema;
  /** Makes the context of one request, loaders included. */
  readonly contextFor: (viewer: KnownViewer, request: ServedRequest) => object;
  readonly readiness: () => Promise<Readiness>;
  readonly log: Logger;
  readonly identity: Identity;
  /** Serves other addresses than loopback although identity is open. */
  readonly insecure: boolean;
  readonly limits?: Partial<Limits>;
  /** Estimates what fields give; by the schema's shape alone unless given. */
  readonly estimateField?: EstimateField;
  readonly graphiql: boolean;
  /** The data are a demonstration: the portal says so. */
  readonly isDemo?: boolean;
  /** How pages sign people in at an issuer; without it, with tokens alone. */
  readonly signIn?: PageSignIn | null;
  /** Where the built pages are; found beside the program unless given. */
  readonly pagesDir?: string;
  /** Origins of web pages that may read answers. */
  readonly cors: readonly string[];
  /** Further names that clients may call this server by. */
  readonly allowedHosts: readonly string[];
  /** Further headers that pages of those origins may send. */
  readonly corsHeaders?: readonly string[];
  /** The path in front of all paths, where a proxy serves us below one: `/vnic`. */
  readonly basePath?: string;
  /** Addresses and networks of proxies whose X-Forwarded headers count. */
  readonly trustedProxies?: readonly string[];
  /** JSON file of the only operations that may run. */
  readonly trustedDocumentsFile?: string | null;
  readonly tls?: TlsMaterial | null;
  /** The metrics in Prometheus' text format; `null` serves none. */
  readonly metrics?: (() => Promise<string>) | null;
  /** Adds routes that read; whatever is registered stands behind the gate, and may ask whom it let in. */
  readonly routes?: (
    scope: FastifyInstance,
    admitted: (request: FastifyRequest) => Admitted,
  ) => void | Promise<void>;
  /** Told how every GraphQL request ended, for metrics. */
  readonly onOperation?: (operation: ServedOperation) => void;
  /** Told what becomes of subscriptions, for metrics. */
  readonly liveMeter?: LiveMeter;
  /** How long clients may keep an answer without asking again; 0 forbids it. */
  readonly maxAgeSeconds?: number;
  /** Answers Apollo's inline tracing (ftv1) to gateways that ask for it. */
  readonly inlineTrace?: boolean;
  /** Answers some operations without executing them; without it, each is executed. */
  readonly fastPath?: FastPath;
  /** Answers of a moment ago, given again to the same questions; without it, each question is read. */
  readonly answers?: AnswerKeeper;
}

/** A server that is listening. */
export interface RunningServer {
  readonly url: string;
  readonly port: number;
  /**
   * Not ready from now on; after `delayMs` (time for balancers to notice) nothing new is accepted. Resolves when all that
   * was running is answered, at the latest after `timeoutMs`, when the rest is cut off.
   */
  drain(times?: { readonly delayMs?: number; readonly timeoutMs?: number }): Promise<void>;
  /** Greets new connections with another certificate; those that are open stay. For servers that began with one. */
  useTls(tls: TlsMaterial): void;
  /** Ends at once. */
  stop(): Promise<void>;
}
