import { DataSource } from "typeorm";
import type { DataSourceOptions } from "../data-source.js";

/**
 * The DataSource of an engine's own database, not yet connected. It knows no entity and no migration, and every session
 * is read-only from its first statement on, whatever the role may do.
 */
export function createEngineDataSource(url: string, options: DataSourceOptions = {}): DataSource {
  const { poolSize = 10, statementTimeoutMs = 30_000, connectTimeoutMs = 5_000, logger } = options;
  return new DataSource({
    type: "postgres",
    url,
    applicationName: "vnic-graph",
    poolSize,
    connectTimeoutMS: connectTimeoutMs,
    extra: {
      options: "-c default_transaction_read_only=on",
      statement_timeout: statementTimeoutMs,
      query_timeout: statementTimeoutMs + 5_000,
      keepAlive: true,
    },
    // A dropped idle connection is replaced by the pool at its next use; the callers of failed queries tell.
    poolErrorHandler: () => undefined,
    installExtensions: false,
    synchronize: false,
    entities: [],
    migrations: [],
    ...(logger === undefined ? { logging: false } : { logging: ["query"], logger }),
  });
}
