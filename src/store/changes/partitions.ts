import type { DataSource, QueryRunner } from "typeorm";
import { findSqlState, LOCK_NOT_AVAILABLE } from "../postgres/errors.js";
import { runInTransaction, queryRows } from "../postgres/sql.js";

/** How long changes are kept, in ms; `null`: only as long as followers need to go on after a break. */
export type Retention = number | null;

/** A partition of the log: the changes from one time to another. */
export interface Partition {
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Chooses how much time one partition covers. There should not be many of them, and not much more should be kept than was
 * asked for.
 */
export function choosePartitionMs(retention: Retention): number {
  const keptMs = retention ?? LEAST_KEPT_MS;
  if (keptMs <= 6 * HOUR_MS) return HOUR_MS;
  if (keptMs <= 7 * DAY_MS) return DAY_MS;
  return keptMs <= 180 * DAY_MS ? 7 * DAY_MS : 28 * DAY_MS;
}

/** Plans the partitions that are missing, so that changes can be written until well after the next maintenance. */
export function planPartitions(
  existing: readonly Partition[],
  retention: Retention,
  nowMs: number,
): Partition[] {
  const widthMs = choosePartitionMs(retention);
  const untilMs = nowMs + Math.max(AHEAD_MS, widthMs / 2);
  const sorted = existing.toSorted((left, right) => left.fromMs - right.fromMs);
  const planned: Partition[] = [];
  let fromMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS;
  while (fromMs <= untilMs) {
    const covering = sorted.find((each) => each.fromMs <= fromMs && fromMs < each.toMs);
    if (covering === undefined) {
      const next = sorted.find((each) => each.fromMs > fromMs);
      const gridMs = Math.floor(fromMs / widthMs) * widthMs + widthMs;
      planned.push(createPartition(fromMs, Math.min(gridMs, next?.fromMs ?? gridMs)));
    }
    fromMs = covering?.toMs ?? planned.at(-1)?.toMs ?? untilMs + 1;
  }
  return planned;
}

/** Finds the partitions whose changes are all too old. */
export function findExpired(
  existing: readonly Partition[],
  retention: Retention,
  nowMs: number,
): Partition[] {
  const keptMs = Math.max(retention ?? LEAST_KEPT_MS, LEAST_KEPT_MS);
  return existing.filter(({ toMs }) => toMs <= nowMs - keptMs);
}

/** Creates the partitions that are missing. Costs one statement where there is nothing to do. */
export async function makeMissingPartitions(
  dataSource: DataSource,
  retention: Retention,
): Promise<LogPartitions> {
  const found = await readPartitions(dataSource);
  if (planPartitions(found.partitions, retention, found.nowMs).length > 0) {
    await runInTransaction(dataSource, (queryRunner) => makePartitions(queryRunner, retention));
  }
  return found;
}

/**
 * Creates the function that creates the partitions that will be needed, and drops those that are too old. The database's
 * clock may be wrong for a while, and what is dropped is lost. So it drops only what has been too old for {@link GRACE_MS}
 * whenever it looked, or was too old when the last change an hour before its first look was written: the setting was changed then.
 *
 * One gateway at a time does the work, under a lock that ends with its transaction. New partitions are created as separate
 * tables and then attached, which stops no writer. A drop locks the whole log for a moment. It gives up after {@link
 * LOCK_WAIT_MS}, so that passes never wait long, and is tried again at the next maintenance.
 */
export function createMaintenance(
  dataSource: DataSource,
  now = () => performance.now(),
): (retention: Retention) => Promise<void> {
  /** Since when, by a clock that does not step, each partition is too old. */
  let oldSince = new Map<string, number>();
  let writtenMs: number | undefined;
  return async (retention) => {
    const { partitions, unpublishable, nowMs } = await makeMissingPartitions(dataSource, retention);
    const old = findExpired(partitions, retention, nowMs);
    oldSince = new Map(old.map(({ name }) => [name, oldSince.get(name) ?? now()]));
    writtenMs ??= old.length > 0 ? await readLastWrittenMs(dataSource) : Number.NEGATIVE_INFINITY;
    const wereOld = findExpired(old, retention, writtenMs);
    for (const partition of old) {
      const isOldFor = now() - (oldSince.get(partition.name) ?? now());
      if (isOldFor < GRACE_MS && !wereOld.includes(partition)) continue;
      await tryInTransaction(dataSource, (queryRunner) => dropPartition(queryRunner, partition));
    }
    for (const name of unpublishable) {
      await tryInTransaction(dataSource, (queryRunner) => makePublishable(queryRunner, name));
    }
  };
}

/** A clock that leapt a while ago may have written changes since: those of the last hour do not count. */
async function readLastWrittenMs(dataSource: DataSource): Promise<number> {
  const [last] = await queryRows<{ readonly at: Date }>(
    dataSource,
    `SELECT at FROM vnic_graph_change WHERE at <= clock_timestamp() - interval '1 hour'
     ORDER BY seq DESC LIMIT 1`,
  );
  return last?.at.getTime() ?? Number.NEGATIVE_INFINITY;
}

/** Does something for which a lock may be missing, and leaves it to the next time if it is. */
async function tryInTransaction(
  dataSource: DataSource,
  work: (queryRunner: QueryRunner) => Promise<void>,
): Promise<void> {
  await runInTransaction(dataSource, work).catch((error: unknown) => {
    if (findSqlState(error) !== LOCK_NOT_AVAILABLE) throw error;
  });
}

async function makePartitions(queryRunner: QueryRunner, retention: Retention): Promise<void> {
  // Waits for another gateway that does the same: the partitions must exist when this returns.
  await queryRunner.query("SELECT pg_advisory_xact_lock($1)", [LOCK_KEY]);
  const { partitions, nowMs } = await readPartitions(queryRunner);
  for (const partition of planPartitions(partitions, retention, nowMs)) {
    await makePartition(queryRunner, partition);
  }
}

async function makePartition(queryRunner: QueryRunner, { name, fromMs, toMs }: Partition): Promise<void> {
  await queryRunner.query(`CREATE TABLE ${name} (LIKE vnic_graph_change INCLUDING ALL)`);
  await queryRunner.query(`ALTER TABLE ${name} ${PUBLISHABLE}`);
  await queryRunner.query(
    `ALTER TABLE vnic_graph_change ATTACH PARTITION ${name}
     FOR VALUES FROM ('${new Date(fromMs).toISOString()}') TO ('${new Date(toMs).toISOString()}')`,
  );
}

/**
 * Creates a partition and drops it, as maintenance does, and waits for each lock `lockWaitMs` at most. The partition is for
 * a time that no change has. Call it with a DataSource whose transactions are rolled back.
 */
export function tryPartition(dataSource: DataSource, lockWaitMs: number): Promise<void> {
  const fromMs = Date.parse("9000-01-01T00:00:00Z");
  const partition = createPartition(fromMs, fromMs + HOUR_MS);
  return runInTransaction(dataSource, async (queryRunner) => {
    await queryRunner.query(`SET LOCAL lock_timeout = '${lockWaitMs}ms'`);
    await makePartition(queryRunner, partition);
    await dropPartition(queryRunner, partition, lockWaitMs);
  });
}

async function dropPartition(
  queryRunner: QueryRunner,
  { name, toMs }: Partition,
  lockWaitMs = LOCK_WAIT_MS,
): Promise<void> {
  const [lock] = await queryRows<{ readonly locked: boolean }>(
    queryRunner,
    "SELECT pg_try_advisory_xact_lock($1) AS locked",
    [LOCK_KEY],
  );
  const { partitions } = await readPartitions(queryRunner);
  if (lock?.locked !== true || !partitions.some((each) => each.name === name)) return;
  // The statement below reads all rows of the partition, which may take long. Nobody waits for it.
  await queryRunner.query("SET LOCAL statement_timeout = 0");
  await queryRunner.query(`SET LOCAL lock_timeout = '${lockWaitMs}ms'`);
  await queryRunner.query(
    `UPDATE vnic_graph_change_log l SET kept_from = greatest(l.kept_from, $1::timestamptz),
       dropped_tx = greatest(l.dropped_tx, (SELECT tx FROM ${name} ORDER BY tx DESC LIMIT 1))`,
    [new Date(toMs).toISOString()],
  );
  await queryRunner.query(`DROP TABLE ${name}`);
}

/** Makes a partition like those of today, if it is still there. A release that does not know of this may have created it. */
async function makePublishable(queryRunner: QueryRunner, name: string): Promise<void> {
  await queryRunner.query(`SET LOCAL lock_timeout = '${LOCK_WAIT_MS}ms'`);
  await queryRunner.query(`ALTER TABLE IF EXISTS ${name} ${PUBLISHABLE}`);
}

/** What the database says of the log. */
interface LogPartitions {
  readonly partitions: Partition[];
  /** The names of those from which nothing could be erased if they were published for replication. */
  readonly unpublishable: string[];
  readonly nowMs: number;
}

/** Reads the partitions and the database's time. The name of a partition says which time it covers. */
async function readPartitions(database: DataSource | QueryRunner): Promise<LogPartitions> {
  const rows = await queryRows<{
    readonly name: string | null;
    readonly identity: string | null;
    readonly now: Date;
  }>(
    database,
    `SELECT c.relname AS name, c.relreplident::text AS identity, clock_timestamp() AS now FROM (SELECT) AS one
     LEFT JOIN pg_inherits i ON i.inhparent = 'vnic_graph_change'::regclass
     LEFT JOIN pg_class c ON c.oid = i.inhrelid`,
  );
  const partitions = rows.map(({ name }) => parsePartition(name ?? "")).filter((each) => each !== null);
  const unidentified = new Set(rows.filter(({ identity }) => identity !== "f").map(({ name }) => name));
  const unpublishable = partitions.map(({ name }) => name).filter((name) => unidentified.has(name));
  return { partitions, unpublishable, nowMs: rows[0]?.now.getTime() ?? Date.now() };
}

function createPartition(fromMs: number, toMs: number): Partition {
  return { name: `vnic_graph_change_${formatHour(fromMs)}_${formatHour(toMs)}`, fromMs, toMs };
}

function parsePartition(name: string): Partition | null {
  const match = /^vnic_graph_change_(\d{10})_(\d{10})$/.exec(name);
  return match === null ? null : { name, fromMs: parseHour(match[1] ?? ""), toMs: parseHour(match[2] ?? "") };
}

/** Formats an hour in UTC, as `2026112620`. */
function formatHour(ms: number): string {
  return new Date(ms).toISOString().slice(0, 13).replaceAll(/\D/g, "");
}

function parseHour(text: string): number {
  const [, year, month, day, hour] = /^(\d{4})(\d\d)(\d\d)(\d\d)$/.exec(text) ?? [];
  return Date.parse(`${year}-${month}-${day}T${hour}:00:00Z`);
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The least time for which changes are kept, whatever the setting. A follower may be away for so long. */
const LEAST_KEPT_MS = HOUR_MS;

/** Partitions are created for this time ahead at least: maintenance may fail for so long without harm. */
const AHEAD_MS = 6 * HOUR_MS;

const LOCK_WAIT_MS = 500;

/** How long a partition has been too old, as seen by one gateway, when it is dropped. */
const GRACE_MS = HOUR_MS;

/** Without a key and an identity, nothing could be erased from a table that is published for replication. */
const PUBLISHABLE = "REPLICA IDENTITY FULL";

/** Any number that no other program uses on this database: "vncl" in ASCII. */
const LOCK_KEY = 0x766e636c;
