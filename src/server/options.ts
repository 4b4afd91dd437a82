import type { FastifyInstance, FastifyRequest } from "fastify";
import type { GraphQLSchema } from "graphql";
import type { Logger } from "pino";
import type { RequestLog } from "./admission/request-log.js";
import type { Identity, KnownViewer } from "./identity/identity.js";
import type { Limits } from "../model/limits.js";
import type { EstimateField } from "../graph/estimates/estimate-field.js";
import type { FastPath, ReadFailure } from "./graphql/fast-path.js";
import type { AnswerKeeper } from "./graphql/kept-answer.js";
import type { LiveMeter } from "./live/live-meter.js";
import type { TlsMaterial } from "./tls.js";

/** A request as its GraphQL context and handlers see it. */
export interface ServedRequest {
  readonly id: string;
  /** Aborted when the deadline passes or the client has gone: work that waits should stop then. */
  readonly signal: AbortSignal;
  /** Throws once the deadline has passed: work that never waits should call it. */
  readonly check: () => void;
  /**
   * Calls a listener once, when the work for the request has ended, so that it gives back what it holds. The promise
   * that the listener returns settles when that is done.
   */
  readonly onEnd: (listener: () => unknown) => void;
  /**
   * Calls the listener when all values that were read for the request have been used. A batch that is sent then is
   * complete.
   */
  readonly whenIdle?: (listener: () => void) => void;
  /** Ends the connection of a subscriber that reads too slowly to receive even an error. */
  readonly onSlow?: () => void;
  /** Called once, when a subscriber has received all events that there are. It waits for changes from then on. */
  readonly onCurrent?: () => void;
  /** The error with which reading failed. Each read for this request then fails with it, without asking again. */
  readonly readFailure?: ReadFailure;
}

/** How one GraphQL request ended. */
export interface ServedOperation {
  readonly status: number;
  /** `answered`, or the code of the answer's first error. */
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
   * Identifies the sender again. Rejects if the credentials are no longer valid, or if their rights have changed. If
   * identity cannot be checked at the moment, the rights stay as they were.
   */
  readonly checkAgain: () => Promise<void>;
  /**
   * Counts the request among the long lists that are open, until its connection ends. Throws 429 if the viewer has too
   * many of them, 503 if all viewers together have. Call it before anything is read.
   */
  readonly openList: () => void;
  /**
   * Runs a piece of a lasting request's work in a room for such pieces, with a deadline of its own. On other routes the
   * whole request runs in one place. A piece that reads many VMs is long: long pieces have a room of their own, so that
   * shorter ones never wait for them.
   */
  readonly work: <Result>(
    job: (request: ServedRequest) => Promise<Result>,
    isLong?: boolean,
  ) => Promise<Result>;
}

/** Whether the gateway can serve, and if not, why. */
export interface Readiness {
  readonly ready: boolean;
  /** Why it cannot serve. */
  readonly reasons: readonly string[];
  /** What an operator should look at although the gateway can serve. */
  readonly warnings?: readonly string[];
}

/** The OpenID Connect issuer at which pages sign people in, and the public client that these pages are there. */
export interface PageSignIn {
  readonly issuer: string;
  readonly audience: string;
  readonly clientId: string;
  readonly scope: string;
}

/** The options of the server. It reads no settings itself. */
export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  readonly schema: GraphQLSchema;
  /** Makes the context of one request, loaders included. */
  readonly contextFor: (viewer: KnownViewer, request: ServedRequest) => object;
  readonly readiness: () => Promise<Readiness>;
  readonly log: Logger & Partial<RequestLog>;
  readonly identity: Identity;
  /** Serves other addresses than loopback although identity is open. */
  readonly insecure: boolean;
  readonly limits?: Partial<Limits>;
  /** Estimates what fields give. Without it, the schema's shape alone decides. */
  readonly estimateField?: EstimateField;
  readonly graphiql: boolean;
  /** Says that the data are a demonstration; the portal shows it. */
  readonly isDemo?: boolean;
  /** How pages sign people in at an issuer; without it, people sign in with tokens. */
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
  /** Registers routes that read. They stand behind the gate; `admitted` returns what the gate knows of a request. */
  readonly routes?: (
    scope: FastifyInstance,
    admitted: (request: FastifyRequest) => Admitted,
  ) => void | Promise<void>;
  /** Called with how each GraphQL request ended, for metrics. */
  readonly onOperation?: (operation: ServedOperation) => void;
  /** Called for what happens to subscriptions, for metrics. */
  readonly liveMeter?: LiveMeter;
  /** How long clients may keep an answer without asking again; 0 forbids it. */
  readonly maxAgeSeconds?: number;
  /** Answers Apollo's inline tracing (ftv1) to gateways that ask for it. */
  readonly inlineTrace?: boolean;
  /** Answers some operations without executing them; without it, each is executed. */
  readonly fastPath?: FastPath;
  /** Gives recent answers again to the same questions; without it, each question is read. */
  readonly answers?: AnswerKeeper;
}

/** A server that is listening. */
export interface RunningServer {
  readonly url: string;
  readonly port: number;
  /**
   * Stops the server gently:
   * 1. From now on it is not ready.
   * 2. After `delayMs`, in which balancers notice that, it accepts nothing new.
   * 3. It resolves when all that was running is answered. After `timeoutMs` the rest is cut off.
   */
  drain(times?: { readonly delayMs?: number; readonly timeoutMs?: number }): Promise<void>;
  /**
   * Uses another certificate for new connections; those that are open stay. It does nothing if the server began without
   * TLS.
   */
  useTls(tls: TlsMaterial): void;
  /** Ends the server without waiting for requests. */
  stop(): Promise<void>;
}
