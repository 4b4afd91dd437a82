import type { KnownViewer } from "../identity/identity.js";

/** What a route demands of a request before its handler runs. Every route has one, in its `config.rule`. */
export interface EntryRule {
  /**
   * Returns why a viewer may not enter, or `null` if they may. If this is `null` itself, the route is open and
   * identifies nobody.
   */
  readonly explainRefusal: ((viewer: KnownViewer) => string | null) | null;
  /** Refuses names that are not ours in the Host header. */
  readonly checksHost: boolean;
  /** Refuses what a page of another site sends. `simple-get`: also a GET that such a page may cause without a preflight. */
  readonly crossSite: "off" | "pages" | "simple-get";
  /**
   * Also takes a bearer token as the password of HTTP Basic, or inside the token that our login gave to one of oVirt's
   * clients.
   */
  readonly takesOvirtCredentials: boolean;
  /** `json`: only UTF-8 JSON may be sent. `any`: the handler does not look at the body. */
  readonly body: "json" | "any";
  /** Requests of one viewer to routes of different queues take turns: a flood on one of them keeps none of the others waiting. */
  readonly queue: "graph" | "reads" | "metrics" | "others";
  /** `true` for connections that stay open: no deadline of their own, and a bound on how many there are. */
  readonly lasting: boolean;
  /** Writes a line in the log when it is answered. */
  readonly audited: boolean;
  /** Counts in the metrics of GraphQL requests. */
  readonly counted: boolean;
}

declare module "fastify" {
  interface FastifyContextConfig {
    rule?: EntryRule;
    /** `true` for a route that only says in the form of its room that the path does not take these methods. */
    refusesMethods?: boolean;
  }
}

const OPEN: EntryRule = {
  explainRefusal: null,
  checksHost: true,
  crossSite: "off",
  takesOvirtCredentials: false,
  body: "any",
  queue: "others",
  lasting: false,
  audited: true,
  counted: false,
};

/** Pages, their files, and paths where there is nothing. */
export const PAGE_RULE: EntryRule = OPEN;

/**
 * Health. Probes use any host name and ask every few seconds, so names are not checked and no line is written. The
 * answers reveal nothing.
 */
export const HEALTH_RULE: EntryRule = { ...OPEN, checksHost: false, audited: false };

/** `/graphql`. Each field asks for its own role; here it is enough to have any role of the graph. */
export const GRAPHQL_RULE: EntryRule = {
  ...OPEN,
  explainRefusal: ({ roles }) =>
    roles.has("reader") || roles.has("operator") || roles.has("router")
      ? null
      : "The graph needs the role reader, operator or router.",
  crossSite: "simple-get",
  body: "json",
  queue: "graph",
  counted: true,
};

/** Routes that read VMs, such as the REST flow. */
export const READING_RULE: EntryRule = {
  ...OPEN,
  explainRefusal: ({ roles }) =>
    roles.has("reader") || roles.has("operator") ? null : "Reading needs the role reader.",
  crossSite: "simple-get",
  takesOvirtCredentials: true,
  queue: "reads",
};

/** Routes that read lists which may be long. They are sent in pieces, each of which is a piece of work. */
export const LONG_LIST_RULE: EntryRule = { ...READING_RULE, lasting: true };

/** `/graphql/stream`: the graph's subscriptions as events. Each event is a piece of work. */
export const EVENTS_RULE: EntryRule = { ...GRAPHQL_RULE, lasting: true, counted: false };

/** The rule of the sign-in, where a client exchanges its credentials for a bearer token. It has no identity yet. */
export const LOGIN_RULE: EntryRule = { ...OPEN, crossSite: "pages" };

/** Routes that read for as long as the client likes: streams and subscriptions. */
export const LASTING_RULE: EntryRule = { ...LONG_LIST_RULE, takesOvirtCredentials: false };

/**
 * `/metrics`. Its numbers are about all VMs, so a reader must see them all. `simple-get` would refuse Prometheus, which
 * sends none of the headers that need a preflight.
 */
export const METRICS_RULE: EntryRule = {
  ...OPEN,
  explainRefusal: ({ roles, scope }) =>
    roles.has("metrics") || (scope === null && (roles.has("reader") || roles.has("operator")))
      ? null
      : "Metrics need the role metrics, or reader without a scope.",
  crossSite: "pages",
  queue: "metrics",
};
