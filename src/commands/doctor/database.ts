import type { Config } from "../../config.js";
import { createDataSource } from "../../store/postgres/data-source.js";
import { findSqlState, LOCK_NOT_AVAILABLE } from "../../store/postgres/errors.js";
import { checkEngine } from "../../engine-store/check-engine.js";
import { createEngineDataSource } from "../../engine-store/engine-data-source.js";
import { listPendingMigrations } from "../../store/postgres/migrate.js";
import { queryRows } from "../../store/postgres/sql.js";
import { readPollingState } from "../../store/read/polling-state.js";
import { createStore } from "../../store/store.js";
import type { PolledHost } from "../../store/types.js";
import { formatError } from "../../gateway/format-error.js";
import { checkConnections } from "./connections.js";
import { explainHowToReach } from "./how-to-reach.js";
import { fail, createOkFinding, LOCK_HINT, warn, type Finding } from "./finding.js";
import { checkOurTables } from "./our-tables.js";
import { checkStatements } from "./statements.js";

/** The findings about the database, and the hosts that it lists for polling. */
export interface DatabaseFindings {
  readonly findings: readonly Finding[];
  readonly hosts: readonly PolledHost[];
}

type DataSource = ReturnType<typeof createDataSource>;

/** Checks the database that is named, without changing anything. An embedded one is not checked. */
export async function checkDatabase(config: Config): Promise<DatabaseFindings> {
  if (config.databaseUrl === null) {
    const what = `an embedded PostgreSQL, which \`vnic-graph start\` runs in ${config.dataDir}`;
    return { findings: [createOkFinding(CHECK, what)], hosts: [] };
  }
  const isEngine = config.source === "engine";
  const create = isEngine ? createEngineDataSource : createDataSource;
  const dataSource = create(config.databaseUrl, {
    poolSize: 1,
    statementTimeoutMs: 5_000,
    lockTimeoutMs: 2_000,
  });
  try {
    await dataSource.initialize();
  } catch (error) {
    return {
      findings: [fail(CHECK, `cannot be reached: ${formatError(error)}`, explainHowToReach(error))],
      hosts: [],
    };
  }
  try {
    const findings = [
      await checkVersion(dataSource),
      ...(await checkConnections(dataSource, config.databasePoolSize)),
      await checkClock(dataSource),
    ];
    if (isEngine) return { findings: [...findings, await checkEngineTables(dataSource)], hosts: [] };
    const tables = await checkOurTables(dataSource);
    findings.push(tables);
    if (tables.verdict !== "ok") return { findings, hosts: [] };
    const pending = await listPendingMigrations(dataSource);
    findings.push(...(await checkStatements(dataSource, pending)));
    if (pending.length > 0) return { findings, hosts: [] };
    return {
      findings: [...findings, ...(await checkPolling(dataSource))],
      hosts: await createStore(dataSource).listHosts(),
    };
  } catch (error) {
    return { findings: [createFailure(CHECK, error, "look into PostgreSQL's own log")], hosts: [] };
  } finally {
    await dataSource.destroy();
  }
}

/** Checks that some gateway polls the hosts. If none does, all else looks fine while their data grow old. */
async function checkPolling(dataSource: DataSource): Promise<Finding[]> {
  const { hosts, unpolled } = await readPollingState(dataSource);
  if (unpolled === 0) return [];
  const mend = "start a gateway that polls: with certificates, and with a REFRESH_INTERVAL";
  return [warn("polling", `no running gateway polls ${unpolled} of ${hosts} hosts`, mend)];
}

const CHECK = "database";

async function checkVersion(dataSource: DataSource): Promise<Finding> {
  const [row] = await queryRows<{ number: number; text: string; standby: boolean }>(
    dataSource,
    `SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS text,
       pg_is_in_recovery() AS standby`,
  );
  const { number = 0, text = "", standby = false } = row ?? {};
  // An engine's database is only read, with queries that older releases understand, too.
  const isEngine = dataSource.entityMetadatas.length === 0;
  if (number < 130_000 && !isEngine) {
    return fail(CHECK, `PostgreSQL ${text} is too old`, "give DATABASE_URL a PostgreSQL 13 or later");
  }
  if (standby && !isEngine) {
    return fail(CHECK, "is a standby, which cannot be written", "give DATABASE_URL the primary");
  }
  return createOkFinding(CHECK, `PostgreSQL ${text} answers`);
}

async function checkClock(dataSource: DataSource): Promise<Finding> {
  const askedMs = Date.now();
  const [row] = await queryRows<{ ms: number }>(
    dataSource,
    "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms",
  );
  // The question took half of the time on its way. The error that is left does not matter.
  const apartMs = Math.round((row?.ms ?? 0) - (askedMs + Date.now()) / 2);
  const what = `this machine and the database are ${(Math.abs(apartMs) / 1_000).toFixed(1)} s apart`;
  if (Math.abs(apartMs) < CLOCKS_APART_MS) return createOkFinding("clock", what);
  return warn(
    "clock",
    what,
    "let both follow one time (chrony, timedatectl): ages of data, tokens and certificates are judged by them",
  );
}

/** The least difference that counts. A slow connection may cause a smaller one. */
const CLOCKS_APART_MS = 2_000;

async function checkEngineTables(dataSource: DataSource): Promise<Finding> {
  try {
    const { message, roleMayWrite, role } = await checkEngine(dataSource);
    return roleMayWrite
      ? warn(
          "tables",
          message,
          `docs/ovirt.md shows how to make a role that may only read, instead of ${role}`,
        )
      : createOkFinding("tables", message);
  } catch (error) {
    return createFailure("tables", error, "docs/ovirt.md shows the role and its grants");
  }
}

/** Creates the finding of a failure. A lock, which anything may meet, has its own hint. */
function createFailure(check: string, error: unknown, mend: string): Finding {
  return fail(check, formatError(error), findSqlState(error) === LOCK_NOT_AVAILABLE ? LOCK_HINT : mend);
}
