import type { DataSource } from "typeorm";
import { createDataSource, type DataSourceOptions } from "../store/postgres/data-source.js";

/**
 * The DataSource of an engine's own database, not yet connected. It knows no entity and no migration, and every session
 * is read-only from its first statement on, whatever the role may do.
 */
export function createEngineDataSource(url: string, options: DataSourceOptions = {}): DataSource {
  const dataSource = createDataSource(url, options);
  const { extra } = dataSource.options as { readonly extra?: Readonly<Record<string, unknown>> };
  return dataSource.setOptions({
    entities: [],
    migrations: [],
    extra: { ...extra, options: "-c default_transaction_read_only=on" },
  });
}
