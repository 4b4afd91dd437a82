import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { formatTable } from "../../src/commands/table.js";
import { addVms, storedVm } from "../../test/store/changes/log-fixtures.js";
import { HOSTS, INTERVAL_MS } from "../../test/support/builders/passes.js";
import { openDatabase } from "../support/database.js";
import { startPeer } from "../reads/peers.js";
import type { PeerSpec } from "../reads/types.js";
import { measure, measureIdle, tell, VMS_EACH, type LiveOptions } from "./measure.js";
import { createListenSubscriber, createPubSubSubscriber } from "./peer-subscribers.js";
import { createOwnSubscriber, type CreateSubscriber } from "./subscribers.js";

/** The other servers. PostGraphile's trigger stays in the database, so it comes last. */
const LIVE_PEERS: readonly {
  readonly spec: PeerSpec;
  readonly create: CreateSubscriber;
  /** `true`: the writer informs it of changes. */
  readonly isTold: boolean;
}[] = [
  {
    spec: { name: "yoga pub/sub", file: "live-yoga.mjs", dialect: "graph", queries: [] },
    create: createPubSubSubscriber,
    isTold: true,
  },
  {
    spec: {
      name: "postgraphile listen",
      file: "live-postgraphile.mjs",
      dialect: "postgraphile",
      queries: [],
      needsNode22: true,
    },
    create: createListenSubscriber,
    isTold: false,
  },
];

/**
 * Measures the time from a commit to the frame at a subscriber. Another process writes the changes, as another replica
 * would. Yoga's pub/sub is informed after each commit; PostGraphile is notified by a trigger.
 */
export async function benchLive(options: LiveOptions): Promise<void> {
  execFileSync("npm", ["run", "--silent", "build"], {
    cwd: ROOT,
    stdio: ["ignore", process.stderr, "inherit"],
  });
  const hasPeers = existsSync(join(ROOT, "bench/reads/node_modules")) || installPeers();
  const folder = await mkdtemp(join(tmpdir(), "vnic-graph-bench-"));
  const database = await openDatabase();
  const start = {
    ...{ databaseUrl: database.url, tokensFile: "", token: "", logFile: join(folder, "log") },
    environment: {
      REDIS_URL: options.redisUrl,
      LIMITS: "lasting=30000,viewerConnections=30000,connections=30000",
    },
  };
  try {
    await database.store.registerHosts(HOSTS.slice(0, 1), INTERVAL_MS);
    const vms = Array.from({ length: options.subscribers * VMS_EACH }, (_, at) =>
      storedVm(at + 1, { ips: "10.255.0.0", interfaces: [] }),
    );
    // The VMs are added in parts. A host of ten thousand VMs is unusual, and its first pass would take long.
    for (let from = 0; from < vms.length; from += VMS_AT_ONCE) {
      await addVms(database.store, vms.slice(from, from + VMS_AT_ONCE));
    }
    const table: (string | number)[][] = [];
    const own = await startPeer({ name: "vnic-graph", file: null, dialect: "own", queries: [] }, start);
    await becomeReady(own.url);
    table.push(await measure(own, database, vms, options, { create: createOwnSubscriber }));
    tell(`vnic-graph: ${options.idle} idle subscribers connect`);
    const idle = await measureIdle(own, vms[0]!.id, options.idle);
    await own.stop();
    for (const { spec, create, isTold } of hasPeers ? LIVE_PEERS : []) {
      const peer = await startPeer(spec, start);
      const publish = async (changed: unknown) => {
        await fetch(new URL("/publish", peer.url), { method: "POST", body: JSON.stringify(changed) });
      };
      // A server that cannot follow so many changes may never take back who left; the others' figures must not be lost.
      const row = await Promise.race([
        measure(peer, database, vms, options, { create, ...(isTold && { publish }) }),
        sleep(2_000 * options.seconds + PATIENCE_MS, null, { ref: false }),
      ]);
      table.push(row ?? [peer.name, "did not end", ...Array<string>(7).fill("–")]);
      await peer.stop();
    }
    const { subscribers, perSecond, seconds } = options;
    console.log(
      `${subscribers} subscribers, ${perSecond} changes/s for ${seconds} s, PostgreSQL ${database.version}, Node ${process.version}`,
    );
    console.log(
      formatTable(
        ["server", "changes/s", "p50 ms", "p99 ms", "max ms", "CPU cores", "RSS MiB", "lost", "twice"],
        table,
      ),
    );
    console.log(idle);
  } finally {
    await database.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function becomeReady(url: string): Promise<void> {
  for (;;) {
    const { status } = await fetch(new URL("/readyz", url));
    if (status === 200) return;
    await sleep(100);
  }
}

/** Installs the other servers. Returns `false` if that is not possible: then only ours is measured. */
function installPeers(): boolean {
  try {
    execFileSync("npm", ["ci"], {
      cwd: join(ROOT, "bench/reads"),
      stdio: ["ignore", process.stderr, "inherit"],
    });
    return true;
  } catch {
    console.warn("the peers of bench/reads cannot be installed; they are left out");
    return false;
  }
}

/** The time beyond twice its seconds after which a measurement is given up. */
const PATIENCE_MS = 60_000;
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const VMS_AT_ONCE = 1_000;
