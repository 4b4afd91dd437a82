import { parseArgs } from "node:util";
import "reflect-metadata";
import { createDataSource } from "../../src/store/postgres/data-source.js";
import { migrate } from "../../src/store/postgres/migrate.js";
import { runSql, startPostgresServer, withDatabase } from "../support/databases/postgres-server.js";
import { killRounds } from "./kills.js";
import { killUnderFollowers } from "./followers.js";
import { soak } from "./soak.js";

/**
 * `npm run torture -- --rounds 1000 --followers 200 --minutes 30 --seed 7` kills a gateway so often (F16), kills replicas so
 * often under clients that follow (F31), then lets hosts fail at random for so long (F30). `TEST_DATABASE_URL` names a PostgreSQL, else an embedded one runs.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "0" },
    followers: { type: "string", default: "0" },
    minutes: { type: "string", default: "0" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    /** The compiled command, whose start is what users wait for; without it, the sources. */
    compiled: { type: "boolean", default: false },
  },
});
const seed = Number(values.seed);
const program = values.compiled ? { program: ["dist/src/main.js"] } : {};
const say = (line: string) => process.stdout.write(`${line}\n`);

say(`seed ${seed}`);
const server = await startPostgresServer("TEST_DATABASE_URL");
const name = `vnic_graph_torture_${process.pid}`;
await runSql(server.url, `CREATE DATABASE ${name}`);
const databaseUrl = withDatabase(server.url, name);
const dataSource = await createDataSource(databaseUrl, { poolSize: 1 }).initialize();
try {
  await migrate(dataSource);
  if (Number(values.rounds) > 0) {
    const result = await killRounds({
      ...{ rounds: Number(values.rounds), seed, databaseUrl, dataSource, report: say },
      ...program,
    });
    const sorted = result.readyAfterMs.toSorted((left, right) => left - right);
    const [{ version } = { version: "" }] = await dataSource.query<{ version: string }[]>("SELECT version()");
    const { rounds, inTransaction, progressed, violations } = result;
    say(
      JSON.stringify({
        fault: "F16",
        ...{ seed, rounds, violations: violations.length, inTransaction, progressed },
        readyMedianMs: Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0),
        readyMaxMs: Math.round(sorted.at(-1) ?? 0),
        ...{ node: process.version, postgres: version.split(" ", 2).join(" ") },
      }),
    );
    for (const violation of violations) say(violation);
    if (violations.length > 0) process.exitCode = 1;
  }
  if (Number(values.followers) > 0) {
    const result = await killUnderFollowers({
      ...{ rounds: Number(values.followers), clients: 20, seed, databaseUrl, dataSource, report: say },
      ...program,
    });
    say(JSON.stringify({ fault: "F31", seed, rounds: Number(values.followers), ...result }));
    if (result.violations.length > 0) process.exitCode = 1;
  }
  if (Number(values.minutes) > 0) {
    const durationMs = Number(values.minutes) * 60_000;
    const result = await soak({ durationMs, seed, databaseUrl, dataSource, report: say });
    const found = [...result.violations, ...result.uncaught, ...result.behind];
    say(JSON.stringify({ fault: "F30", seed, minutes: durationMs / 60_000, ...result }));
    if (found.length > 0) process.exitCode = 1;
  }
} finally {
  await dataSource.destroy();
  await runSql(server.url, `DROP DATABASE ${name} WITH (FORCE)`);
  await server.stop();
}
