/** Every bound of the server, in one place; each refusal names the one that was met. */
export interface Limits {
  /** 5,000 entity representations are about 400 kB; a gateway's own default is 2 MB. */
  readonly bodyBytes: number;
  /** All bodies being read or waiting at once, so that many middling requests cannot fill the memory either. */
  readonly bufferedBytes: number;
  readonly jsonDepth: number;
  /** Of the query text; values belong into variables, which only the body's size bounds. */
  readonly documentCharacters: number;
  /** The introspection query has about 300, an honest page of an application fewer than 1,000. */
  readonly tokens: number;
  /** The parser recurses once a bracket; its stack ends somewhere above 5,000. */
  readonly bracketDepth: number;
  /** Selections below each other outside introspection, which graphql-js bounds itself. */
  readonly depth: number;
  /** Gateways merge fetches into one request with an alias each: 30 of them must pass. */
  readonly aliases: number;
  readonly directives: number;
  readonly rootFields: number;
  /** Selected fields, fragments expanded. */
  readonly fields: number;
  readonly operations: number;
  /** What the answer can take: an object is 1, a value 0.1, an SQL statement 20. 5,000 entities with all they have are some 140,000. */
  readonly cost: number;
  /** From a request's head to its answer; resolvers stop then. */
  readonly deadlineMs: number;
  readonly running: number;
  readonly waiting: number;
  /** Streams and subscriptions that are open at once. */
  readonly lasting: number;
  /** Exports and lists of all VMs that are open at once. Those that publish names keep 16 bytes of each VM, other formats some text. */
  readonly lists: number;
  /** Of one viewer. */
  readonly viewerLists: number;
  /** Of one WebSocket. */
  readonly subscriptions: number;
  /** WebSockets and streams of events of one viewer. */
  readonly viewerConnections: number;
  /** Of one message that a client sends over a WebSocket. */
  readonly frameBytes: number;
  /** What is sent over one WebSocket and not yet taken by the network. */
  readonly socketBytes: number;
  /** Events that wait for one subscriber who reads slowly. */
  readonly waitingEvents: number;
  /** How long a WebSocket may stay without the message that says who it is. */
  readonly initMs: number;
  /** Of one answer, before it is compressed. */
  readonly answerBytes: number;
  /** All answers that are made and not yet read by their clients. */
  readonly unsentBytes: number;
  /** How long a client may read nothing of its answer. A large answer gets more, by the slowest line that counts. */
  readonly sendMs: number;
  readonly connections: number;
  /** Registered persisted queries, and validated documents, by characters of their sources. */
  readonly cachedCharacters: number;
}

/** The limits unless the configuration says otherwise. */
export const DEFAULT_LIMITS: Limits = Object.freeze({
  bodyBytes: 2 * 1024 * 1024,
  bufferedBytes: 64 * 1024 * 1024,
  jsonDepth: 64,
  documentCharacters: 100_000,
  tokens: 2_500,
  bracketDepth: 100,
  depth: 12,
  aliases: 50,
  directives: 50,
  rootFields: 40,
  fields: 450,
  operations: 20,
  cost: 200_000,
  deadlineMs: 10_000,
  running: 32,
  waiting: 1_000,
  lasting: 2_000,
  lists: 32,
  viewerLists: 16,
  subscriptions: 100,
  viewerConnections: 1_000,
  frameBytes: 128 * 1024,
  socketBytes: 1024 * 1024,
  waitingEvents: 5_000,
  initMs: 3_000,
  answerBytes: 64 * 1024 * 1024,
  unsentBytes: 128 * 1024 * 1024,
  sendMs: 20_000,
  connections: 2_000,
  cachedCharacters: 400_000,
});

/** Maximum number of VMs that are shown of one conflict. */
export const HOLDERS_SHOWN = 20;

/** Maximum number of groups in a statistic. Those with the most VMs are given. */
export const MOST_STATS_ROWS = 200;
