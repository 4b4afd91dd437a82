import { createDataSource } from "../../../src/store/postgres/data-source.js";
import { migrate } from "../../../src/store/postgres/migrate.js";

const dataSource = await createDataSource(process.argv[2] ?? "", { poolSize: 1 }).initialize();
process.stdout.write(JSON.stringify(await migrate(dataSource)));
await dataSource.destroy();
