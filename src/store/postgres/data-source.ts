import type { Pool } from "pg";
import type { Logger } from "typeorm";
import { DataSource } from "typeorm";
import { MIGRATIONS } from "./migrations.js";
import { socketsGivenUpAfter, SteadyClient } from "./steady-client.js";
import { VdsStatic } from "../tables/vds-static.js";
import { VmDynamic } from "../tables/vm-dynamic.js";
import { VmGuestAgentInterface } from "../tables/vm-guest-agent-interface.js";
import { VmInterface } from "../tables/vm-interface.js";
import { VmStatic } from "../tables/vm-static.js";
import { VnicGraphHost } from "../tables/vnic-graph-host.js";
import { VnicGraphNic } from "../tables/vnic-graph-nic.js";
import { VnicGraphVm } from "../tables/vnic-graph-vm.js";

/** Where the names of the migrations that have run are kept; a name of ours, so that an engine's table is never met. */
export const MIGRATIONS_TABLE = "vnic_graph_migrations";

/** How the database is used; what is left out has a default. */
export interface DataSourceOptions {
  readonly poolSize?: number;
  readonly statementTimeoutMs?: number;
  readonly connectTimeoutMs?: number;
  /** How long the database may say nothing before a connection is given up; longer than a statement may take. */
  readonly answerTimeoutMs?: number;
  readonly connectionLifetimeSeconds?: number;
  /** Told every statement; without one, TypeORM says nothing. */
  readonly logger?: Logger;
}

/** The DataSource of a PostgreSQL URL, not yet connected: entities, migrations and limits in one place. */
export function createDataSource(url: string, options: DataSourceOptions = {}): DataSource {
  const { poolSize = 10, statementTimeoutMs = 30_000, connectTimeoutMs = 5_000, logger } = options;
  const { answerTimeoutMs = statementTimeoutMs + 2_000, connectionLifetimeSeconds = 60 } = options;
  return new DataSource({
    type: "postgres",
    url,
    applicationName: "vnic-graph",
    poolSize,
    connectTimeoutMS: connectTimeoutMs,
    extra: {
      Client: SteadyClient,
      statement_timeout: statementTimeoutMs,
      // The server ends a statement at its limit; the client waits a little longer, for a server that does not answer.
      stream: socketsGivenUpAfter(answerTimeoutMs),
      keepAlive: true,
      // A primary that was demoted keeps its connections, and refuses to write, for as long as they live.
      maxLifetimeSeconds: connectionLifetimeSeconds,
    },
    // A dropped idle connection is replaced by the pool at its next use; the callers of failed queries tell.
    poolErrorHandler: () => undefined,
    installExtensions: false,
    synchronize: false,
    entities: [
      VdsStatic,
      VmStatic,
      VmDynamic,
      VmInterface,
      VmGuestAgentInterface,
      VnicGraphHost,
      VnicGraphVm,
      VnicGraphNic,
    ],
    migrations: [...MIGRATIONS],
    migrationsTableName: MIGRATIONS_TABLE,
    migrationsTransactionMode: "all",
    ...(logger === undefined ? { logging: false } : { logging: ["query"], logger }),
  });
}

/** The pool's connections to the database, and how many requests wait for one. */
export function connectionsOf(dataSource: DataSource): { total: number; idle: number; waiting: number } {
  const { master } = dataSource.driver as unknown as { master: Pool };
  return { total: master.totalCount, idle: master.idleCount, waiting: master.waitingCount };
}
