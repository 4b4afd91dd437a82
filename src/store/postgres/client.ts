import { Socket } from "node:net";
import pg from "pg";
import type { DatabaseTarget } from "../../model/connections/database-url.js";
import { startServedTimer } from "../../model/served-timer.js";
import { formatArrays } from "./array-literal.js";
import { requireChannelBinding } from "./channel-binding.js";
import { endAfterSilence, type MeasuredStream } from "./end-after-silence.js";
import { readPasswordFile } from "./password-file.js";
import type { FoundServer, ServerFinder } from "./found-server.js";
import {
  formatTransactionStart,
  listSessionSettings,
  type SessionLimits,
  TRACKED_SETTINGS,
} from "./session.js";
import { MAX_NAMES_A_CONNECTION, type StatementNames } from "./statement-names.js";

/** Options of a connection. */
export interface ClientOptions {
  readonly target: DatabaseTarget;
  readonly limits: SessionLimits;
  readonly finder: ServerFinder;
  readonly names: StatementNames;
  readonly connectTimeoutMs: number;
  /** How long the server may send nothing before the connection is given up. Must be longer than a statement may take. */
  readonly answerTimeoutMs: number;
  /** Called with the error of each statement that fails. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * A connection whose session has the settings of {@link SessionLimits}. If the session belongs to a pooler, each statement
 * outside of a transaction gets a transaction of its own, which begins with the settings.
 */
export class SessionClient extends pg.Client {
  private found: FoundServer | null = null;
  private readonly session: ClientOptions;
  private lastStatement: Promise<unknown> = Promise.resolve();
  /** The names by which this connection has sent statements. */
  private readonly prepared = new Set<string>();

  /** The pool calls this with its own options. */
  constructor(config: { readonly session: ClientOptions }) {
    const { session } = config;
    super(readClientConfig(session));
    this.session = session;
    // Neither the URL nor PGPASSWORD has a password. `pg` calls this function if the server asks for one; host and port are
    // known then.
    if (typeof this.password !== "string") Object.assign(this, { password: () => this.findPassword() });
    // A listener, because a server that stops between two statements would otherwise end this process. Running queries fail
    // anyway.
    this.on("error", () => undefined);
  }

  /** Connects. The type `never` fits both overloads: with a callback, as the pool calls it, and without. */
  override connect(callback?: ConnectCallback): never {
    const connected = this.connectToServer();
    if (callback === undefined) return connected as never;
    const notify = callback as (error: Error | null, client: pg.Client) => void;
    connected.then(
      (client) => {
        notify(null, client);
      },
      (error: unknown) => {
        notify(error instanceof Error ? error : new Error(String(error)), this);
      },
    );
    return undefined as never;
  }

  /** Returns the parameters of the startup message for `pg`. Only user and database may come from the environment. */
  getStartupConf(): Record<string, string | undefined> {
    const { target, limits } = this.session;
    const searchPath = this.found?.searchPath ?? null;
    const settings =
      this.found?.isPooled === true
        ? {}
        : { ...listSessionSettings(limits), ...(searchPath !== null && { search_path: searchPath }) };
    const known = Object.entries(settings).filter(([name]) => this.found?.unknownSettings.has(name) !== true);
    return {
      user: this.user,
      database: this.database ?? this.user,
      application_name: target.applicationName ?? "vnic-graph",
      ...TRACKED_SETTINGS,
      ...Object.fromEntries(known),
      ...(this.found?.isPooled === true || limits.options === null ? {} : { options: limits.options }),
    };
  }

  /** Sends a query. The type `never` fits all overloads of `pg`, whose arguments are passed on unchanged. */
  override query(...sent: unknown[]): never {
    const [text, given] = sent;
    if (typeof text !== "string" || typeof sent.at(-1) === "function") return this.send(...sent) as never;
    const values = Array.isArray(given) ? formatArrays(given) : given;
    const answer =
      this.found?.isPooled === true ? this.queryInTurn(text, values) : this.sendNamed(text, values);
    answer.catch(this.session.onFailure);
    return answer as never;
  }

  /** Closes the socket at once, even if statements are running. */
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

  /** Connects to the server that the finder returns. */
  async connectToServer(): Promise<pg.Client> {
    const { finder, target, connectTimeoutMs, answerTimeoutMs } = this.session;
    const found = await finder.find();
    this.found = found;
    this.host = found.server.host ?? this.host;
    this.port = found.server.port ?? this.port;
    // `pg` reads these options when it connects. They cannot be given to its constructor, which runs before the search.
    // On a Unix socket, which PGHOST may name too, PostgreSQL has no TLS, and no sslmode counts.
    const ssl = this.host.startsWith("/") ? false : found.tls;
    const how = { ssl, sslNegotiation: ssl === false ? "postgres" : target.sslNegotiation };
    Object.assign(this, how);
    Object.assign(this.connection, how);
    // The timer of `pg` would also count the time in which this process read no sockets.
    const stopTimer = startServedTimer(connectTimeoutMs, () => {
      this.connection.stream.destroy(new Error("timeout expired"));
    });
    const checkBinding = target.bindsChannel ? requireChannelBinding(this.connection) : null;
    try {
      await super.connect();
      checkBinding?.();
      endAfterSilence(this.connection.stream as MeasuredStream, answerTimeoutMs);
      return this;
    } catch (error) {
      finder.forget();
      this.cut();
      throw error;
    } finally {
      stopTimer();
    }
  }

  /** Sends one statement at a time, because otherwise those that are sent together would run in one transaction. */
  private queryInTurn(text: string, values: unknown): Promise<unknown> {
    const answer = this.lastStatement.then(() => this.queryPooled(text, values));
    this.lastStatement = answer.catch(() => undefined);
    return answer;
  }

  private async queryPooled(text: string, values: unknown): Promise<unknown> {
    const { limits } = this.session;
    if (this.getTransactionStatus() !== "I") return this.send(text, values);
    if (/^\s*(?:START TRANSACTION|BEGIN)\b/i.test(text)) {
      return this.send(formatTransactionStart(limits, this.found, text.trim().replace(/;$/, "")));
    }
    await this.send(formatTransactionStart(limits, this.found));
    try {
      const result = await this.send(text, values);
      await this.send("COMMIT");
      return result;
    } catch (error) {
      // A lost connection has nothing to roll back. The first error says more than the second.
      await this.send("ROLLBACK").catch(() => undefined);
      throw error;
    }
  }

  /** Sends a statement with a name, if it has values and a name, and this connection has room for one more. */
  private async sendNamed(text: string, values: unknown): Promise<unknown> {
    if (!Array.isArray(values)) return this.send(text);
    const { names } = this.session;
    const name = names.find(text);
    if (name === null || (this.prepared.size >= MAX_NAMES_A_CONNECTION && !this.prepared.has(name))) {
      return this.send(text, values);
    }
    this.prepared.add(name);
    try {
      return await this.send({ name, text, values });
    } catch (error) {
      // In a transaction the failure has aborted the transaction, so that nothing can be sent again.
      if (!names.learnFrom(error) || this.getTransactionStatus() !== "I") throw error;
      return this.send(text, values);
    }
  }

  /** Sends a statement. All statements of one turn of the event loop leave in one packet. */
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

function readClientConfig({ target }: ClientOptions): pg.ClientConfig {
  return {
    user: target.user ?? undefined,
    password: target.password ?? undefined,
    database: target.database ?? undefined,
    enableChannelBinding: target.bindsChannel,
    // Chosen when the server is known. Set here, so that PGSSLMODE and PGSSLNEGOTIATION have no effect.
    ssl: false,
    sslnegotiation: "postgres",
    client_encoding: "utf8",
    connectionTimeoutMillis: 0,
    keepAlive: true,
    // A statement is sent although others have not been answered yet.
    pipeline: true,
    stream: createSocket,
  };
}

/** Creates a socket. During the search for a server, nobody else listens to the errors of one that is not in use yet. */
function createSocket(): Socket {
  const socket = new Socket();
  socket.on("error", () => undefined);
  return socket;
}
