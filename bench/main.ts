import { parseArgs } from "node:util";
import { benchLogCost, benchRefresh } from "./refresh/refresh.js";

const USAGE = `npm run bench -- refresh [options]

What a refresh costs, against the least that it could cost and against how others do it.

  --vms <list>     fleets to read, in VMs            (1000,10000,100000)
  --stored <n>     VMs in the database               (10000)
  --rounds <n>     rounds of which medians are shown, at most 10   (5)
  --quick          --vms 1000,10000 --stored 2000 --rounds 3
  --log            only what the change log adds to a pass

npm run bench -- first-pass [options]

How long the first pass over one host takes, by this build (npm run build) and by another checkout's.

  --vms <n>        VMs of that host   (5000)
  --rounds <n>     rounds of which medians are shown   (3)
  --against <dir>  another checkout, built   (none)

npm run bench -- hostile

What hostile requests do to our server, and to Apollo Server as it comes. About three minutes.

npm run bench -- hostile-search [options]

The worst queries that pass the limits, found by climbing on a running gateway, sent by 1, 10 and 32 clients to a gateway and to
Apollo Server as it comes. Linux; several minutes.

  --hosts <n>      hosts in the database   (2000)
  --vms <n>        VMs in the database     (100000)
  --steps <n>      changes that are tried for each aim and number of keys   (12)
  --seed <n>       where the search starts   (261127)

npm run bench -- hosts10k [options]

How evenly each of many hosts is polled every 15 s by three replicas on one Redis, of which one is killed midway.

  --hosts <n>      simulated hosts, each on an address of its own   (10000)
  --seconds <n>    how long to measure, once every host is in its turn   (90)
  --redis <url>    a Redis that may be written to   (redis://127.0.0.1:6379)

npm run bench -- reads [options]

How fast the gateway answers, beside its peers with the same rows: seven GraphQL servers and three that are none. Installs
them below bench/reads. About ten minutes.

  --vms <n>        VMs in the database   (10000)
  --rounds <n>     rounds of which medians are shown   (3)
  --seconds <n>    how long a peer is asked in a round   (3)
  --peers <list>   only these, by name   (all)
  --queries <list> only these: Q1 to Q7   (all)

npm run bench -- live [options]

How soon subscribers hear of a change, what they cost, and what Yoga's pub/sub and PostGraphile's LISTEN lose when they come again. Linux;
a Redis wakes the gateway, as replicas do each other.

  --subscribers <n>  each follows ten VMs   (1000)
  --changes <n>      changes a second, each of one subscriber's   (1000)
  --seconds <n>      how long   (60)
  --idle <n>         subscribers of whom nobody is told anything   (10000)
  --redis <url>      a Redis that may be written to   (redis://127.0.0.1:6379)

npm run bench -- portal [options]

How soon the portal shows its list of VMs, and what is typed into it, in Chromium on a built gateway (npm run build). A minute.

  --vms <n>        VMs in the database   (5000)
  --rounds <n>     pages that are opened   (7)

npm run bench -- history [options]

How long questions about the past take, with many changes in the log. Ten million take some ten minutes and 8 GB.

  --vms <n>        VMs in the database   (100000)
  --changes <n>    changes of them in twelve weeks   (10000000)

npm run bench -- questions

How long questions about 100,000 VMs take: pages in each order, who has an address, what does not fit. A minute.

npm run bench -- engine [options]

How long questions to an engine's database of 100,000 VMs take, through a built gateway (npm run build). Linux; some minutes.

  --rounds <n>     rounds of which medians are shown   (7)
  --against <dir>  another checkout, built   (none)

npm run bench -- engine-reads [options]

The questions of the reads bench to the same engine's database, beside one hand-written statement each. Needs a built gateway. Linux.

  --rounds <n>     rounds of which medians are shown   (3)
  --seconds <n>    how long a peer is asked in a round   (3)

npm run bench -- engine-exports

How long an export of each format takes from the same engine's database, and how much memory. Needs a built gateway. Linux; some minutes.

npm run bench -- million [options]

What one replica takes for a cycle over many hosts of 100 VMs each, on real sockets and a real PostgreSQL. Needs 3 GB for a
million VMs, on Linux.

  --hosts <n>      simulated hosts, each on an address of its own   (10000)

npm run bench -- stall [options]

For how long the event loop stands still over one host with a large answer.

  --vms <n>        VMs of that host: 50 MB   (20000)

DATABASE_URL names a server on which a database may be made and dropped; without it, an embedded one is started.`;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    vms: { type: "string" },
    stored: { type: "string" },
    rounds: { type: "string" },
    log: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    hosts: { type: "string", default: "10000" },
    seconds: { type: "string" },
    changes: { type: "string" },
    subscribers: { type: "string", default: "1000" },
    idle: { type: "string", default: "10000" },
    against: { type: "string" },
    steps: { type: "string", default: "12" },
    seed: { type: "string", default: "261127" },
    peers: { type: "string", default: "" },
    queries: { type: "string", default: "" },
    redis: { type: "string", default: "redis://127.0.0.1:6379" },
  },
});

if (positionals.join(" ") === "history") {
  const { benchHistory } = await import("./history/history.js");
  await benchHistory({ vms: Number(values.vms ?? 100_000), changes: Number(values.changes ?? 10_000_000) });
} else if (positionals.join(" ") === "live") {
  await (
    await import("./live/live.js")
  ).benchLive({
    subscribers: countOf(values.subscribers),
    perSecond: countOf(values.changes ?? "1000"),
    seconds: countOf(values.seconds ?? "60"),
    idle: countOf(values.idle),
    redisUrl: values.redis,
  });
} else if (positionals.join(" ") === "portal") {
  const { benchPortal } = await import("./portal.js");
  await benchPortal({ vms: countOf(values.vms ?? "5000"), rounds: countOf(values.rounds ?? "7") });
} else if (positionals.join(" ") === "questions") {
  await (await import("./history/questions.js")).benchQuestions();
} else if (positionals.join(" ") === "engine") {
  const { benchEngine } = await import("./engine/engine.js");
  await benchEngine({ rounds: countOf(values.rounds ?? "7"), against: values.against ?? null });
} else if (positionals.join(" ") === "engine-reads") {
  const { benchEngineReads } = await import("./engine/engine-reads.js");
  await benchEngineReads({ rounds: countOf(values.rounds ?? "3"), seconds: countOf(values.seconds ?? "3") });
} else if (positionals.join(" ") === "refresh") {
  const [vms, stored, rounds] = values.quick
    ? ["1000,10000", "2000", "3"]
    : ["1000,10000,100000", "10000", "5"];
  const sizes = {
    stored: countOf(values.stored ?? stored),
    rounds: Math.min(10, countOf(values.rounds ?? rounds)),
  };
  if (values.log) await benchLogCost(sizes);
  else await benchRefresh({ vms: (values.vms ?? vms).split(",").map(countOf), ...sizes });
} else if (positionals.join(" ") === "first-pass") {
  const { benchFirstPass } = await import("./first-pass/first-pass.js");
  await benchFirstPass({
    vms: countOf(values.vms ?? "5000"),
    rounds: countOf(values.rounds ?? "3"),
    against: values.against ?? null,
  });
} else if (positionals.join(" ") === "engine-exports") {
  await (await import("./engine/engine-exports.js")).benchEngineExports();
} else if (positionals.join(" ") === "hostile") {
  await (await import("./hostile/hostile.js")).benchHostile();
} else if (positionals.join(" ") === "hostile-search") {
  const { benchHostileSearch } = await import("./hostile/hostile-search.js");
  const hosts = values.hosts === "10000" ? "2000" : values.hosts;
  await benchHostileSearch({
    hosts: countOf(hosts),
    vms: countOf(values.vms ?? "100000"),
    steps: countOf(values.steps),
    seed: countOf(values.seed),
  });
} else if (positionals.join(" ") === "hosts10k") {
  const { hosts10k } = await import("./hosts10k/hosts10k.js");
  await hosts10k({
    hosts: countOf(values.hosts),
    seconds: countOf(values.seconds ?? "90"),
    redisUrl: values.redis,
  });
} else if (positionals.join(" ") === "reads") {
  const { benchReads } = await import("./reads/reads.js");
  await benchReads({
    vms: countOf(values.vms ?? "10000"),
    rounds: countOf(values.rounds ?? "3"),
    seconds: countOf(values.seconds ?? "3"),
    peers: values.peers.split(",").filter((name) => name !== ""),
    queries: values.queries.split(",").filter((name) => name !== ""),
  });
} else if (positionals.join(" ") === "million") {
  const { benchMillion } = await import("./million/million.js");
  await benchMillion({ hosts: countOf(values.hosts) });
} else if (positionals.join(" ") === "stall") {
  const { benchStall } = await import("./million/stall.js");
  await benchStall({ vms: countOf(values.vms ?? "20000") });
} else {
  console.error(USAGE);
  process.exitCode = 2;
}

function countOf(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text))
    throw new Error(`"${text}" is no number of VMs, hosts, seconds, steps or rounds`);
  return Number(text);
}
