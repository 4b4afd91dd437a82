/** All limits of the server. An error names the limit that was exceeded. */
export interface Limits {
  /**
   * Bytes of one request body. 5,000 entity representations are about 400 kB; a federation gateway's own default is 2 MB.
   */
  readonly bodyBytes: number;
  /** Bytes of all bodies that are being read or wait, so that many medium requests cannot fill the memory. */
  readonly bufferedBytes: number;
  readonly jsonDepth: number;
  /** Characters of the query text. Values belong in variables, which only `bodyBytes` limits. */
  readonly documentCharacters: number;
  /** Tokens of the query text. The introspection query has about 300, a large page of an application fewer than 1,000. */
  readonly tokens: number;
  /** Nested brackets of the query text. The parser recurses for each; its stack ends somewhere above 5,000. */
  readonly bracketDepth: number;
  /** Nested selections, except in introspection, which graphql-js limits itself. */
  readonly depth: number;
  /** Aliases of a request. A federation gateway merges 30 fetches into one request, with an alias for each. */
  readonly aliases: number;
  readonly directives: number;
  readonly rootFields: number;
  /** Selected fields, with fragments expanded. */
  readonly fields: number;
  readonly operations: number;
  /**
   * Cost of an answer: an object is 1, a value 0.1, an SQL statement 20. 5,000 entities with all their fields cost about
   * 140,000.
   */
  readonly cost: number;
  /** Time from a request's headers to its answer. Resolvers stop then. */
  readonly deadlineMs: number;
  readonly running: number;
  readonly waiting: number;
  /** Streams and subscriptions that are open at the same time. */
  readonly lasting: number;
  /**
   * Exports and lists of all VMs that are open at the same time. Formats that publish names keep 16 bytes of each VM,
   * others some text.
   */
  readonly lists: number;
  /** Exports and lists of one viewer. */
  readonly viewerLists: number;
  /** Subscriptions of one WebSocket. */
  readonly subscriptions: number;
  /** WebSockets and event streams of one viewer. */
  readonly viewerConnections: number;
  /** Bytes of one message that a client sends over a WebSocket. */
  readonly frameBytes: number;
  /** Bytes that were sent over one WebSocket and that the network has not taken yet. */
  readonly socketBytes: number;
  /** Events that wait for one slow subscriber. */
  readonly waitingEvents: number;
  /** How long a WebSocket may stay open without the message that identifies the client. */
  readonly initMs: number;
  /** Bytes of one answer, before compression. */
  readonly answerBytes: number;
  /** Bytes of all answers that clients have not read yet. */
  readonly unsentBytes: number;
  /**
   * How long a client may read nothing of its answer. A large answer gets more time, for the slowest connection that is
   * supported.
   */
  readonly sendMs: number;
  readonly connections: number;
  /** Characters of the sources of registered persisted queries and validated documents. */
  readonly cachedCharacters: number;
}

/** The limits that are used unless the configuration gives others. */
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

/** The highest number of VMs that are shown for one conflict. */
export const HOLDERS_SHOWN = 20;

/** The highest number of groups in a statistic. Those with the most VMs are returned. */
export const MOST_STATS_ROWS = 200;
