import { execFile, spawn, spawnSync } from "node:child_process";
import { appendFileSync, chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../src/model/limits.js";
import { createToken } from "../../src/server/identity/token-lines.js";
import type { StoredVm } from "../../src/store/types.js";
import { addVms, changeIps, storedVm } from "../store/changes/log-fixtures.js";
import { id, mac } from "../support/builders/ids.js";
import { HOSTS, INTERVAL_MS } from "../support/builders/passes.js";
import { toGuestInterfaceOf, toStoredNic } from "../support/builders/stored.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { eventually } from "../support/eventually.js";
import { startGatewayProcess, temporaryFolder, type RunningGateway } from "../support/processes/gateway.js";
import { runVnicGraph } from "../support/processes/process.js";
import { freePort } from "../support/processes/tcp.js";

const folder = temporaryFolder();
const MANY = 1_203;
const tokens: Record<"all" | "web" | "router", string> = { all: "", web: "", router: "" };
let database: TestDatabase;
let gateway: RunningGateway;
let changing: StoredVm;

/** VMs with names and host names that a careless format would trip over, and enough others for several pieces. */
beforeAll(async () => {
  database = await createDatabase();
  await database.store.registerHosts(HOSTS.slice(0, 1), INTERVAL_MS);
  changing = storedVm(3, { name: "told", silence: "ips-only", interfaces: [], ips: "2001:db8::3" });
  await addVms(database.store, [
    storedVm(1, {
      name: "web",
      fqdn: "web.example.org",
      interfaces: [toGuestInterfaceOf(1, { macAddress: mac(1), ipv4Addresses: ["10.0.0.1"] })],
      nics: [toStoredNic(1, 1, { macAddress: mac(1), network: "red" })],
      ips: "10.0.0.1",
    }),
    storedVm(2, {
      name: "web",
      fqdn: "x\n10.9.9.9 evil.example {{ lookup('pipe', 'id') }}",
      silence: "ips-only",
      interfaces: [],
      ips: "10.0.0.2",
    }),
    changing,
    storedVm(4, { name: '=cmd|"x",y', silence: "absent", interfaces: [], ips: null }),
    ...Array.from({ length: MANY - 4 }, (_, at) =>
      storedVm(at + 5, {
        name: `z-${at}`,
        // One guest tells its own name, another one the same.
        fqdn: at < 2 ? "z-0.example.org" : null,
        silence: "ips-only",
        interfaces: [],
        ips: `10.1.${at >> 8}.${at & 255}`,
      }),
    ),
  ]);
  const tokensFile = join(folder.path, "tokens");
  for (const name of ["all", "web", "router"] as const) {
    const { token, line } = createToken({
      name,
      roles: [name === "router" ? "router" : "reader"],
      expiresAt: null,
      scope: name === "web" ? { namePatterns: ["web"], hostIds: [], vmIds: [] } : null,
    });
    appendFileSync(tokensFile, `${line}\n`);
    tokens[name] = token;
  }
  gateway = await startGatewayProcess({ DATABASE_URL: database.url, AUTH_TOKENS_FILE: tokensFile });
});

afterAll(async () => {
  await gateway.stop();
  await database.drop();
  folder.remove();
});

async function fetchExport(path: string, headers: Record<string, string> = {}, token = tokens.all) {
  const response = await fetch(`${gateway.url}/export/${path}`, {
    headers: { authorization: `Bearer ${token}`, ...headers },
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

describe("GET /export", () => {
  test("gives all VMs as JSON, as lines and as CSV, each once", async () => {
    const json = JSON.parse((await fetchExport("json")).text) as { id: string; address: string | null }[];
    expect(json.map((vm) => vm.id).toSorted()).toEqual(Array.from({ length: MANY }, (_, at) => id(at + 1)));
    expect(json.find((vm) => vm.id === id(1))).toEqual({
      id: id(1),
      name: "web",
      status: "UP",
      host: "host-a",
      fqdn: "web.example.org",
      address: "10.0.0.1",
      network: "red",
      mac: mac(1),
      addresses: ["10.0.0.1"],
    });
    const lines = (await fetchExport("ndjson")).text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    expect(lines).toEqual(json);
    const csv = (await fetchExport("csv")).text;
    expect(csv).toContain(`\r\n${id(1)},web,UP,host-a,web.example.org,10.0.0.1,red,${mac(1)},10.0.0.1\r\n`);
    expect(csv).toContain(`\r\n${id(4)},"'=cmd|""x"",y",UP,host-a,,,,,\r\n`);
  });

  test("gives Ansible nothing of a guest that it would run as a template", async () => {
    const inventory = (await fetchExport("ansible-inventory")).text;
    expect(inventory).toContain('"vnic_graph_fqdn":"web.example.org"');
    expect(inventory).not.toMatch(/\{\{|evil/);
  });

  test("gives names that guests choose no line of their own", async () => {
    const hosts = (await fetchExport("hosts")).text;
    // Two VMs are called web: neither has the name alone, nor what a guest makes of it.
    expect(hosts).toMatch(/^10\.0\.0\.1\tweb-00000000-000000000001$/m);
    expect(hosts).toMatch(/^10\.0\.0\.2\tweb-00000000-000000000002$/m);
    expect(hosts).toMatch(/^10\.1\.0\.0\tz-0\.example\.org z-0$/m);
    expect(hosts).not.toContain("evil");
    expect(hosts.trimEnd().split("\n")).toHaveLength(MANY - 1);
    const zone = (await fetchExport("zone?within=10.0.0.0/24")).text;
    expect(zone).toBe(
      "web-00000000-000000000001 300 IN A 10.0.0.1\nweb-00000000-000000000002 300 IN A 10.0.0.2\n",
    );
    expect((await fetchExport("zone?within=10.1.0.0/32")).text).toBe("z-0.example.org. 300 IN A 10.1.0.0\n");
    expect((await fetchExport("zone?within=10.1.0.1/32")).text).toBe("z-1 300 IN A 10.1.0.1\n");

    expect((await fetchExport("zone?name=told")).text).toBe("told 300 IN AAAA 2001:db8::3\n");
    expect((await fetchExport("netbox?network=red")).text).toBe(
      `address,status,dns_name,description\r\n10.0.0.1/32,active,,web (${id(1)})\r\n`,
    );
  });

  test.each([
    ["json?name=WEB", 2],
    ["json?host=host-a", MANY],
    ["json?host=host-b", 0],
    ["json?status=DOWN,PAUSED", 0],
    [`json?mac=${mac(1).toUpperCase().replaceAll(":", "-")}`, 1],
    [`json?mac=${mac(99)}`, 0],
    ["json?status=UP&within=2001:db8::/32", 1],
    ["json?family=IPV6", 1],
    ["json?family=ipv6&within=::/0", 1],
    ['json?filter={"or":[{"nameContains":"told"},{"address":{"inCidr":"10.0.0.0/24"}}]}', 3],
    ['json?filter={"or":[{"nameContains":"told"},{"address":{"inCidr":"10.0.0.0/24"}}]}&name=web', 2],
    ['json?filter={"ip":"10.0.0.1"}&within=10.0.0.0/24', 1],
    // A VM may have both, but none of these has.
    ['json?filter={"ip":"10.0.0.1"}&within=2001:db8::/32', 0],
    ['json?filter={"or":[{"hasAddress":false},{"nameContains":"web"}]}&within=10.0.0.0/8', 2],
    ['json?filter={"not":{"hasAddress":false}}&within=10.0.0.0/24', 2],
    ['json?filter={"hasAddress":false}&status=UP', 1],
    ['json?filter={"status":["UP","DOWN"]}&status=UP,PAUSED&name=told', 1],
    ['json?filter={"not":{"status":["DOWN"]}}&status=UP,DOWN&name=told', 1],
    ['json?filter={"status":[]}&status=DOWN', 0],
    ['json?filter={"host":{"eq":"192.0.2.10"}}&host=host-a&name=told', 1],
    ['json?filter={"nicMacAddress":"56-6F-00-00-00-01"}'.replace("56-6F-00-00-00-01", mac(1)), 1],
    ["json?filter={}", MANY],
    ["json?filter=null", MANY],
  ])("filters: %s", async (path, count) => {
    expect(JSON.parse((await fetchExport(path)).text)).toHaveLength(count);
  });

  test.each([
    ["xml", 'format: "xml" is none of csv, json'],
    ["json?mac=red", 'mac: "red" is no MAC'],
    ["json?nam=x", '"nam": no such parameter; there are name, host'],
    ["json?within=10.0.0.1/8", 'within: "10.0.0.1/8" has bits behind its length; the network is 10.0.0.0/8'],
    ["json?within=10.0.0.0/33", 'within: "10.0.0.0/33" has a length over 32'],
    ["json?family=5", 'family: "5" is none of IPV4, IPV6'],
    ["json?family=IPV6&within=10.0.0.0/8", "family: the prefix in within is not of this family"],
    ['json?family=IPV4&filter={"hasAddress":false}', "filter: hasAddress: false, beside an address"],
    ["json?status=UP,SLEEPY", 'status: "SLEEPY" is none of'],
    ["prometheus-sd?port=0", 'port: "0" is no number from 1 to 65535'],
    ["json?name=a&name=b", "name: must be given once"],
    ["json?name=", "name: must have from 1 to 255 characters"],
    ["json?filter=web", "filter: it is no JSON"],
    ["json?filter=[]", 'filter: Expected type "VmFilter" to be an object'],
    ['json?filter={"nam":"x"}', 'filter: Field "nam" is not defined by type "VmFilter"'],
    ['json?filter={"status":["SLEEPY"]}', "filter: at status.0: "],
    ['json?filter={"or":[{"ip":"10.0.0"}]}', "filter: at or.0.ip: "],
    ['json?filter={"ip":"10.0.0.1","hasAddress":false}', "filter: hasAddress: false, beside an address"],
    [
      'json?filter={"hasAddress":false}&within=192.168.0.0/16',
      "filter: hasAddress: false, beside an address",
    ],
    [
      'json?filter={"and":[{"not":{"hasAddress":true}}]}&within=192.168.0.0/16',
      "filter: hasAddress: false, beside an address that must be there; leave one of them out",
    ],
    [
      'json?filter={"status":["UP"]}&status=DOWN',
      "filter: status: nothing is left of it: a value was expected",
    ],
    [
      'json?filter={"status":["UP"],"ip":"10.0.0.1"}&status=DOWN,PAUSED',
      "filter: status: nothing is left of it",
    ],
    ['json?filter={"not":{"status":["UP"]}}&status=UP', "filter: status: nothing is left of it"],
    [
      `json?filter=${JSON.stringify({ name: { eq: "x".repeat(9_000) } })}`,
      "filter: must have from 1 to 8000",
    ],
  ])("refuses %s and names what is wrong", async (path, message) => {
    const { status, text } = await fetchExport(path);
    expect(status).toBe(400);
    expect(text).toContain(JSON.stringify(message).slice(1, -1));
  });

  test("is behind the gate: no token, the wrong role, and a scope that sees two VMs", async () => {
    expect((await fetch(`${gateway.url}/export/json`)).status).toBe(401);
    expect((await fetchExport("json", {}, tokens.router)).status).toBe(403);
    const seen = JSON.parse((await fetchExport("json", {}, tokens.web)).text) as { name: string }[];
    expect(seen.map(({ name }) => name)).toEqual(["web", "web"]);
  });

  test("is only read: other methods are told which ones there are", async () => {
    for (const method of ["POST", "PUT", "DELETE"]) {
      const answer = await fetch(`${gateway.url}/export/json`, {
        method,
        headers: { authorization: `Bearer ${tokens.all}` },
      });
      expect([method, answer.status, answer.headers.get("allow")]).toEqual([method, 405, "GET, HEAD"]);
      expect(await answer.json()).toMatchObject({ errors: [{ extensions: { code: "METHOD_NOT_ALLOWED" } }] });
    }
  });

  test("is refused at once beyond a viewer's share of open lists, whether it is an export or a list of the REST flow", async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      // Nothing that looks at VMs ends before this does.
      await client.query("BEGIN; LOCK vnic_graph_vm IN ACCESS EXCLUSIVE MODE");
      let refused = 0;
      const asked = Array.from({ length: DEFAULT_LIMITS.viewerLists + 5 }, async () => {
        const { status, headers, text } = await fetchExport("zone");
        if (status !== 429) return;
        refused += 1;
        expect(headers.get("retry-after")).toBe("1");
        expect(text).toContain('"TOO_MANY_LISTS"');
      });
      await eventually(() => {
        expect(refused).toBe(5);
      });
      const { status, headers, text } = await gateway.get("/ovirt-engine/api/vms", tokens.all);
      expect([status, headers.get("retry-after")]).toEqual([429, "1"]);
      expect(text).toContain("Too Many Requests");
      await client.query("COMMIT");
      await Promise.all(asked);
      expect(refused).toBe(5);
    } finally {
      await client.end();
    }
    expect((await fetchExport("zone")).status).toBe(200);
  });

  test("answers 304 until something changes, and never with another viewer's or another filter's tag", async () => {
    const first = await fetchExport("csv");
    const etag = first.headers.get("etag")!;
    expect(etag).toMatch(/^W\/"[\w-]{22}"$/);
    const again = await fetchExport("csv", { "if-none-match": etag });
    expect([again.status, again.text, again.headers.get("etag")]).toEqual([304, "", etag]);
    expect((await fetchExport("csv?name=web", { "if-none-match": etag })).status).toBe(200);
    expect((await fetchExport("json", { "if-none-match": etag })).status).toBe(200);
    expect((await fetchExport("csv", { "if-none-match": etag }, tokens.web)).status).toBe(200);
    changing = await changeIps(database.store, changing, "2001:db8::33");
    const changed = await fetchExport("csv", { "if-none-match": etag });
    expect([changed.status, changed.text.includes("2001:db8::33")]).toEqual([200, true]);
    expect(changed.headers.get("etag")).not.toBe(etag);
  });

  test.each([
    [{ stale: true }],
    [{ not: { or: [{ nameContains: "told" }, { staleReason: ["HOST_FAILED"] }] } }],
    [{ and: [{ onTwoHosts: false }] }],
  ])("has no tag where the log does not tell when the answer changes: %j", async (filter) => {
    const path = `ndjson?filter=${encodeURIComponent(JSON.stringify(filter))}`;
    const { status, headers } = await fetchExport(path);
    expect([status, headers.get("etag")]).toEqual([200, null]);
  });

  test("by a host's address is sent anew when the host has another one, which is no change of its VMs", async () => {
    const move = (to: string) =>
      database.dataSource.query(
        "UPDATE vds_static SET host_name = $1 WHERE host_name <> $1 AND vds_name = 'host-a'",
        [to],
      );
    const before = await fetchExport("ndjson?host=192.0.2.10");
    await move("192.0.2.110");
    const after = await fetchExport("ndjson?host=192.0.2.10", {
      "if-none-match": before.headers.get("etag")!,
    });
    await move("192.0.2.10");
    expect([before.status, before.text === ""]).toEqual([200, false]);
    expect([after.status, after.text]).toEqual([200, ""]);
  });

  test("by staleness is sent anew when a host fails, which is no change of its VMs", async () => {
    const path = `ndjson?filter=${encodeURIComponent(JSON.stringify({ staleReason: ["HOST_FAILED"] }))}`;
    const before = await fetchExport(path);
    await database.dataSource.query("UPDATE vnic_graph_host SET last_error_kind = 'protocol'");
    const after = await fetchExport(path, { "if-none-match": before.headers.get("etag") ?? "" });
    await database.dataSource.query("UPDATE vnic_graph_host SET last_error_kind = NULL");
    expect([before.status, before.text]).toEqual([200, ""]);
    expect([after.status, after.text.split("\n").length]).toEqual([200, MANY + 1]);
  });
});

test("vnic-graph export prints the same as the route, and nothing but that", async () => {
  const run = runVnicGraph(["export", "--format", "csv", "--name", "web"], { DATABASE_URL: database.url });
  expect(await run.ended).toBe(0);
  expect(run.output()).toBe((await fetchExport("csv?name=web")).text);
  const filter = JSON.stringify({ or: [{ ip: "10.0.0.2" }, { name: { startsWith: "told" } }] });
  const filtered = runVnicGraph(["export", "--format", "csv", "--filter", filter], {
    DATABASE_URL: database.url,
  });
  expect(await filtered.ended).toBe(0);
  expect(filtered.output()).toBe((await fetchExport(`csv?filter=${encodeURIComponent(filter)}`)).text);
  expect(filtered.output().trimEnd().split("\r\n")).toHaveLength(3);
  const refused = runVnicGraph(["export", "--format", "csv", "--within", "10.0.0.1/8"], {
    DATABASE_URL: database.url,
  });
  expect(await refused.ended).toBe(2);
  expect(refused.output()).toContain("export: --within: ");
});

/** Other tools are not everywhere; where one is missing, its test is skipped and says so. */
function canRun(program: string): boolean {
  const isThere = spawnSync(program, ["--version"]).status === 0;
  if (!isThere) console.warn(`No ${program} on the path: it is not tried whether it takes an export.`);
  return isThere;
}

test.skipIf(!canRun("prometheus"))(
  "Prometheus' HTTP service discovery takes it unchanged",
  async () => {
    const port = await freePort();
    const config = join(folder.path, "prometheus.yml");
    writeFileSync(
      config,
      `scrape_configs:
  - job_name: guests
    scrape_interval: 1h
    http_sd_configs:
      - url: ${gateway.url}/export/prometheus-sd?within=10.0.0.0/24&port=9100
        authorization: { type: Bearer, credentials: ${tokens.all} }
    relabel_configs:
      - { source_labels: [__meta_vnic_graph_name], target_label: vm }
`,
    );
    const data = join(folder.path, "prometheus");
    const prometheus = spawn(
      "prometheus",
      [`--config.file=${config}`, `--storage.tsdb.path=${data}`, `--web.listen-address=127.0.0.1:${port}`],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    let said = "";
    prometheus.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    try {
      await eventually(async () => {
        const answer = await fetch(`http://127.0.0.1:${port}/api/v1/targets?state=active`);
        const { data: found } = (await answer.json()) as {
          data: { activeTargets: { scrapeUrl: string; labels: Record<string, string> }[] };
        };
        const targets = found.activeTargets.map(({ scrapeUrl, labels }) => [scrapeUrl, labels["vm"]]);
        expect(targets.toSorted()).toEqual([
          ["http://10.0.0.1:9100/metrics", "web"],
          ["http://10.0.0.2:9100/metrics", "web"],
        ]);
      });
    } catch (cause) {
      throw new Error(`Prometheus says: ${said.slice(-2_000)}`, { cause });
    } finally {
      prometheus.kill("SIGKILL");
    }
  },
  60_000,
);

test.skipIf(!canRun("ansible-inventory") || !canRun("curl"))(
  "Ansible takes it as a script inventory unchanged",
  async () => {
    const script = join(folder.path, "inventory.sh");
    writeFileSync(
      script,
      `#!/bin/sh\nexec curl -sf -H "authorization: Bearer ${tokens.all}" "${gateway.url}/export/ansible-inventory"\n`,
    );
    chmodSync(script, 0o755);
    const { stdout } = await promisify(execFile)("ansible-inventory", ["-i", script, "--list"], {
      maxBuffer: 16 * 1024 * 1024,
    });
    const inventory = JSON.parse(stdout) as {
      vnic_graph: { hosts: string[] };
      _meta: { hostvars: Record<string, Record<string, unknown>> };
    };
    expect(inventory.vnic_graph.hosts).toHaveLength(MANY - 1);
    expect(inventory._meta.hostvars["web"]).toMatchObject({
      ansible_host: "10.0.0.1",
      vnic_graph_network: "red",
    });
    expect(inventory._meta.hostvars["web-00000000-000000000002"]).toMatchObject({ ansible_host: "10.0.0.2" });
  },
  60_000,
);
