import { Socket } from "node:net";
import pg from "pg";
import type { DatabaseTarget } from "../../model/connections/database-url.js";
import { formatArrays } from "./array-literal.js";
import { readPasswordFile } from "./password-file.js";
import type { Place, PlaceFinder } from "./place.js";
import {
  formatTransactionStart,
  listSessionSettings,
  type SessionLimits,
  TRACKED_SETTINGS,
} from "./session.js";
import { MAX_NAMES_A_CONNECTION, type StatementNames } from "./statement-names.js";

/** What a connection is made with. */
export interface ClientOptions {
  readonly target: DatabaseTarget;
  readonly limits: SessionLimits;
  readonly finder: PlaceFinder;
  readonly names: StatementNames;
  readonly connectTimeoutMs: number;
  /** How long the server may say nothing before the connection is given up; longer than a statement may take. */
  readonly answerTimeoutMs: number;
}

/**
 * A connection whose session is set as {@link SessionLimits} say. Where the session belongs to a pooler, each statement
 * outside of a transaction gets one of its own that begins with the settings.
 */
export class SessionClient extends pg.Client {
  private place: Place | null = null;
  private readonly session: ClientOptions;
  private lastStatement: Promise<unknown> = Promise.resolve();
  /** The names by which this connection has sent statements. */
  private readonly prepared = new Set<string>();

  /** Called by the pool with the options that it was made with. */
  constructor(config: { readonly session: ClientOptions }) {
    const { session } = config;
    super(readClientConfig(session));
    this.session = session;
    // Neither the URL nor PGPASSWORD has one. `pg` calls this if the server asks, and then knows the server.
    if (typeof this.password !== "string") Object.assign(this, { password: () => this.findPassword() });
    // A server that stops may send its message before anybody listens; running queries fail anyway.
    this.on("error", () => undefined);
  }

  /** Connects. `never` fits both ways of the call: with a callback, as the pool does, and without. */
  override connect(callback?: ConnectCallback): never {
    const connected = this.connectToPlace();
    if (callback === undefined) return connected as never;
    const tell = callback as (error: Error | null, client: pg.Client) => void;
    connected.then(
      (client) => {
        tell(null, client);
      },
      (error: unknown) => {
        tell(error instanceof Error ? error : new Error(String(error)), this);
      },
    );
    return undefined as never;
  }

  /** Returns the first message's parameters for `pg`. Only user and database may come from the environment. */
  getStartupConf(): Record<string, string | undefined> {
    const { target, limits } = this.session;
    const settings = this.place?.isPooled === true ? {} : listSessionSettings(limits);
    const known = Object.entries(settings).filter(([name]) => this.place?.unknownSettings.has(name) !== true);
    return {
      user: this.user,
      database: this.database ?? this.user,
      application_name: target.applicationName ?? "vnic-graph",
      ...TRACKED_SETTINGS,
      ...Object.fromEntries(known),
      ...(this.place?.isPooled === true || limits.options === null ? {} : { options: limits.options }),
    };
  }

  /** Sends a query. `never` fits all the ways in which `pg` lets one be sent; they are passed on unchanged. */
  override query(...sent: unknown[]): never {
    const [text, given] = sent;
    const isPlain = typeof text === "string" && typeof sent.at(-1) !== "function";
    if (!isPlain) return this.send(...sent) as never;
    const values = Array.isArray(given) ? formatArrays(given) : given;
    if (this.place?.isPooled !== true) {
      return (Array.isArray(values) ? this.sendNamed(text, values) : this.send(text)) as never;
    }
    // Statements that are sent together would otherwise meet between BEGIN and COMMIT.
    const answer = this.lastStatement.then(() => this.queryPooled(text, values));
    this.lastStatement = answer.catch(() => undefined);
    return answer as never;
  }

  /** Closes the socket, whatever is under way. */
  cut(): void {
    this.connection.stream.destroy();
  }

  /** Reads the rows of one statement. */
  async readRows<Row>(sql: string): Promise<readonly Row[]> {
    return ((await this.send(sql)) as pg.QueryResult).rows as Row[];
  }

  /** Looks for the password of this connection in the password file. */
  private async findPassword(): Promise<string | null> {
    const { passwordFile } = this.session.target;
    const user = this.user ?? "";
    const host = this.host.startsWith("/") ? "localhost" : this.host;
    return passwordFile === null
      ? null
      : readPasswordFile(passwordFile, { host, port: this.port, database: this.database ?? user, user });
  }

  /** Connects to the place that the finder names. */
  async connectToPlace(): Promise<pg.Client> {
    const { finder, target } = this.session;
    const place = await finder.find();
    this.place = place;
    this.host = place.server.host ?? this.host;
    this.port = place.server.port ?? this.port;
    // `pg` reads these when it connects; its constructor, where they are usually given, comes before the search.
    const how = { ssl: place.tls, sslNegotiation: place.tls === false ? "postgres" : target.sslNegotiation };
    Object.assign(this, how);
    Object.assign(this.connection, how);
    try {
      await super.connect();
      return this;
    } catch (error) {
      finder.forget();
      throw error;
    }
  }

  private async queryPooled(text: string, values: unknown): Promise<unknown> {
    const { limits } = this.session;
    const unknown = this.place?.unknownSettings ?? new Set();
    if (this.getTransactionStatus() !== "I") return this.send(text, values);
    if (/^\s*(?:START TRANSACTION|BEGIN)\b/i.test(text)) {
      return this.send(formatTransactionStart(limits, unknown, text.trim().replace(/;$/, "")));
    }
    await this.send(formatTransactionStart(limits, unknown));
    try {
      const result = await this.send(text, values);
      await this.send("COMMIT");
      return result;
    } catch (error) {
      // On a lost connection there is nothing to roll back, and the first error tells more than the second.
      await this.send("ROLLBACK").catch(() => undefined);
      throw error;
    }
  }

  /** Sends a statement by its name, if it has one and this connection has room for it. */
  private async sendNamed(text: string, values: unknown[]): Promise<unknown> {
    const { names } = this.session;
    const name = names.find(text);
    if (name === null || (this.prepared.size >= MAX_NAMES_A_CONNECTION && !this.prepared.has(name))) {
      return this.send(text, values);
    }
    this.prepared.add(name);
    try {
      return await this.send({ name, text, values });
    } catch (error) {
      // In a transaction the failure has ended it, so that nothing can be sent again.
      if (!names.learnFrom(error) || this.getTransactionStatus() !== "I") throw error;
      return this.send(text, values);
    }
  }

  /** Sends a statement. Statements of one turn of the event loop leave in one packet. */
  private send(...sent: unknown[]): Promise<unknown> {
    const { stream } = this.connection;
    stream.cork();
    process.nextTick(() => {
      stream.uncork();
    });
    return super.query(...(sent as [string, unknown[]]));
  }
}

type ConnectCallback = ((error: Error) => void) | ((error: null, client: pg.Client) => void);

function readClientConfig({ target, answerTimeoutMs, connectTimeoutMs }: ClientOptions): pg.ClientConfig {
  return {
    user: target.user ?? undefined,
    password: target.password ?? undefined,
    database: target.database ?? undefined,
    // Decided when the place is known; said here, so that PGSSLMODE and PGSSLNEGOTIATION decide nothing.
    ssl: false,
    sslnegotiation: "postgres",
    client_encoding: "utf8",
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    // A statement is sent although others have not been answered yet.
    pipeline: true,
    stream: createSocketMaker(answerTimeoutMs),
  };
}

/**
 * Makes sockets that are given up after a silence. A server that lost its power, or was failed over without a word, closes
 * nothing: the kernel would wait for a quarter of an hour, and the pool would hand the dead connection out again and again.
 */
function createSocketMaker(silenceMs: number): () => Socket {
  return () => {
    const socket = new Socket();
    // While a server is searched for, nobody listens to a socket that waits for its turn.
    socket.on("error", () => undefined);
    socket.setTimeout(silenceMs, () => {
      socket.destroy(new Error(`the database said nothing for ${silenceMs} ms; the connection was given up`));
    });
    return socket;
  };
}
