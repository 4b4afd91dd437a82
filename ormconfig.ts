import { AdvancedConsoleLogger } from "typeorm";
import { ConfigError, readDatabaseUrl } from "./src/config.js";
import { createDataSource } from "./src/store/postgres/data-source.js";

const url = readDatabaseUrl(process.env);
if (url === null) {
  throw new ConfigError(
    "DATABASE_URL: is needed by TypeORM's own command line: postgres://user:password@host/database",
  );
}

/** The one DataSource for TypeORM's own command line, such as `typeorm migration:show -d dist/ormconfig.js`. */
export const dataSource = createDataSource(url, {
  logger: new AdvancedConsoleLogger(["schema", "migration", "error", "warn", "info", "log"]),
});
