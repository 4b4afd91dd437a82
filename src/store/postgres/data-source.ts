import type { Logger } from "typeorm";
import { DataSource } from "typeorm";
import { parseDatabaseUrl } from "../../model/connections/database-url.js";
import { type DatabaseUnavailableError, findRefusal } from "./errors.js";
import { MIGRATIONS } from "./migrations.js";
import { type GivenUp, type PoolOptions, SharePool } from "./pool.js";
import { createServerFinder } from "./server-finder.js";
import type { SessionLimits } from "./session.js";
import { StatementNames } from "./statement-names.js";
import { VdsStatic } from "../tables/vds-static.js";
import { VmDynamic } from "../tables/vm-dynamic.js";
import { VmGuestAgentInterface } from "../tables/vm-guest-agent-interface.js";
import { VmInterface } from "../tables/vm-interface.js";
import { VmStatic } from "../tables/vm-static.js";
import { VnicGraphGateway } from "../tables/vnic-graph-gateway.js";
import { VnicGraphGatewayHost } from "../tables/vnic-graph-gateway-host.js";
import { VnicGraphAddress } from "../tables/vnic-graph-address.js";
import { VnicGraphDrift } from "../tables/vnic-graph-drift.js";
import { VnicGraphHost } from "../tables/vnic-graph-host.js";
import { VnicGraphNic } from "../tables/vnic-graph-nic.js";
import { VnicGraphVm } from "../tables/vnic-graph-vm.js";

/** The table of the migrations that have run. Its name differs from that of any table of an engine. */
export const MIGRATIONS_TABLE = "vnic_graph_migrations";

/** How the database is used. Fields that are left out have a default. */
export interface DataSourceOptions {
  readonly poolSize?: number;
  readonly statementTimeoutMs?: number;
  /** How long a statement may wait for one lock. */
  readonly lockTimeoutMs?: number;
  /** How long a transaction may stay open without a statement. */
  readonly idleInTransactionMs?: number;
  readonly connectTimeoutMs?: number;
  /** How long a request waits for a connection while all connections of the pool are in use. */
  readonly waitTimeoutMs?: number;
  /** How long the database may send nothing before a connection is given up. Must be longer than a statement may take. */
  readonly answerTimeoutMs?: number;
  readonly connectionLifetimeSeconds?: number;
  /** Nothing can be written, whatever the role may do. */
  readonly readOnly?: boolean;
  /** Called each time that a connection is lost or none can be made. */
  readonly onUnavailable?: (error: DatabaseUnavailableError) => void;
  /** Called each time that the database takes no further connection, so that those that there are must do. */
  readonly onFewer?: (error: DatabaseUnavailableError) => void;
  /** Called if there is no connection, and the database takes no further one. Returns whether somebody gives one up. */
  readonly onNone?: () => GivenUp | null;
  /** Called each time that the database refuses a statement: for a lock, a right, or something that is missing. */
  readonly onRefused?: (error: DatabaseUnavailableError) => void;
  /** Receives every statement. Without a logger, TypeORM logs nothing. */
  readonly logger?: Logger;
}

/** Creates the DataSource of a PostgreSQL URL, with entities, migrations and limits. It is not connected yet. */
export function createDataSource(url: string, options: DataSourceOptions = {}): DataSource {
  const target = parseDatabaseUrl(url);
  const { poolSize = 10, statementTimeoutMs = 30_000, logger } = options;
  const { answerTimeoutMs = statementTimeoutMs + 2_000, connectionLifetimeSeconds = 60 } = options;
  const { connectTimeoutMs = target.connectTimeoutMs ?? 5_000, waitTimeoutMs = connectTimeoutMs } = options;
  const limits: SessionLimits = {
    statementTimeoutMs,
    lockTimeoutMs: options.lockTimeoutMs ?? 0,
    idleInTransactionMs: options.idleInTransactionMs ?? 60_000,
    readOnly: options.readOnly ?? false,
    options: target.options,
  };
  const { onRefused = () => undefined } = options;
  const session = {
    ...{ target, limits, names: new StatementNames(), connectTimeoutMs, answerTimeoutMs },
    onFailure: (error: unknown) => {
      const refusal = findRefusal(error);
      if (refusal !== null) onRefused(refusal);
    },
  };
  const pool: Omit<PoolOptions, "max"> = {
    session: { ...session, finder: createServerFinder(session) },
    waitTimeoutMs,
    ...(options.onUnavailable === undefined ? {} : { onUnavailable: options.onUnavailable }),
    ...(options.onFewer === undefined ? {} : { onFewer: options.onFewer }),
    ...(options.onNone === undefined ? {} : { onNone: options.onNone }),
    // A primary that is demoted keeps its connections, but refuses to write. So connections must not live long.
    maxLifetimeSeconds: connectionLifetimeSeconds,
  };
  return new DataSource({
    type: "postgres",
    driver: { Pool: SharePool },
    poolSize,
    ...(target.database === null ? {} : { database: target.database }),
    extra: pool,
    // The pool replaces a lost idle connection at its next use. Failed queries are reported by their callers.
    poolErrorHandler: () => undefined,
    installExtensions: false,
    synchronize: false,
    entities: [
      VdsStatic,
      VmStatic,
      VmDynamic,
      VmInterface,
      VmGuestAgentInterface,
      VnicGraphAddress,
      VnicGraphDrift,
      VnicGraphHost,
      VnicGraphVm,
      VnicGraphNic,
      VnicGraphGateway,
      VnicGraphGatewayHost,
    ],
    migrations: [...MIGRATIONS],
    migrationsTableName: MIGRATIONS_TABLE,
    migrationsTransactionMode: "all",
    ...(logger === undefined ? { logging: false, logger: SILENT } : { logging: ["query"], logger }),
  });
}

/** A logger that logs nothing. TypeORM's own prints failures of migrations, which their callers report already. */
const SILENT: Logger = {
  logQuery: () => undefined,
  logQueryError: () => undefined,
  logQuerySlow: () => undefined,
  logSchemaBuild: () => undefined,
  logMigration: () => undefined,
  log: () => undefined,
};

/** Counts the pool's connections to the database, and how many requests wait for one. */
export function countConnections(dataSource: DataSource): { total: number; idle: number; waiting: number } {
  const pool = findPool(dataSource);
  return { total: pool.totalCount, idle: pool.idleCount, waiting: pool.countWaiting() };
}

/** Gives up a connection for somebody who has none. Returns `null` if there is no more than one. */
export function giveUpConnection(dataSource: DataSource): GivenUp | null {
  return dataSource.isInitialized ? findPool(dataSource).giveUpOne() : null;
}

/** Closes a DataSource at once; running statements fail. */
export async function closeNow(dataSource: DataSource): Promise<void> {
  if (!dataSource.isInitialized) return;
  let closed = closing.get(dataSource);
  if (closed === undefined) {
    closed = dataSource.destroy();
    closing.set(dataSource, closed);
    findPool(dataSource).cutAll();
  }
  await closed;
}

/** The running closes, because a pool throws if it is closed twice. */
const closing = new WeakMap<DataSource, Promise<void>>();

function findPool(dataSource: DataSource): SharePool {
  return (dataSource.driver as unknown as { readonly master: SharePool }).master;
}
