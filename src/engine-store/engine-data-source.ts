import type { DataSource } from "typeorm";
import { createDataSource, type DataSourceOptions } from "../store/postgres/data-source.js";

/**
 * Creates the DataSource of an engine's own database, not yet connected. It has no entities and no migrations, and
 * every session is read-only from its first statement on, whatever the role may do.
 */
export function createEngineDataSource(url: string, options: DataSourceOptions = {}): DataSource {
  return createDataSource(url, { ...options, readOnly: true }).setOptions({ entities: [], migrations: [] });
}
