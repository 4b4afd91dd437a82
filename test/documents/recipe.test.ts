import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startVdsmServer, type VdsmServer } from "../../src/simulator/wire/vdsm-server.js";
import { startGatewayProcess } from "../faults/support/gateway-process.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { parseEdit, makeEdit } from "../support/documents/edits.js";
import { eventually } from "../support/eventually.js";
import { listBlocks, pages, ROOT } from "../support/documents/markdown.js";

const run = promisify(execFile);
const contributing = pages().find(({ path }) => path === "CONTRIBUTING.md")!;
const edits = listBlocks(contributing, "diff").map(parseEdit);

/** The whole project is compiled once more, beside the other tests. */
const COMPILER_PATIENCE_MS = 300_000;

let copy: string;
let host: VdsmServer;
let mtu: number | string | undefined;
let database: TestDatabase;

beforeAll(async () => {
  copy = mkdtempSync(join(tmpdir(), "vnic-graph-recipe-"));
  for (const path of COPIED) cpSync(join(ROOT, path), join(copy, path), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  for (const edit of edits) makeEdit(copy, edit);
  await run(process.execPath, ["--import", "tsx", "src/main.ts", "schema", "--write"], { cwd: copy });
  host = await startVdsmServer({
    tls: null,
    world: { answer: (verb) => (verb === "Host.getAllVmStats" ? [vmWith(mtu)] : {}) },
  });
  database = await createDatabase({ template: null });
});

afterAll(async () => {
  rmSync(copy, { recursive: true, force: true });
  await host.stop();
  await database.drop();
});

test("a newcomer adds a guest interface's MTU in at most five files, the printed schema among them", () => {
  const files = new Set([...edits.map(({ path }) => path), "schema.graphql"]);
  expect([...files].toSorted()).toEqual([
    "migrations/1796000000000-guest-interface-mtu.ts",
    "schema.graphql",
    "src/graph/types/object-types.ts",
    "src/store/tables/vm-guest-agent-interface.ts",
    "src/vdsm/records/interfaces.ts",
  ]);
});

test("the schema gains this field and no other line", () => {
  const [before, after] = [ROOT, copy].map((root) => readFileSync(join(root, "schema.graphql"), "utf8"));
  const field = /\n\n {2}"""Its MTU in bytes\. Null: not reported\."""\n {2}mtu: Int$/m;
  expect(after).toMatch(field);
  expect(after!.replace(field, "")).toBe(before);
});

test(
  "nothing else has to be touched for the types to agree, in sources, tests and benches",
  async () => {
    const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
    const said = await run(process.execPath, [compiler, "-p", "tsconfig.json"], { cwd: copy }).catch(
      (error: unknown) => error,
    );
    expect(said).toEqual({ stdout: "", stderr: "" });
  },
  COMPILER_PATIENCE_MS,
);

test("the gateway then migrates, takes the MTU from the host, serves it and sees it change", async () => {
  mtu = 1400;
  const gateway = await startGatewayProcess({
    databaseUrl: database.url,
    vdsmHosts: `127.0.0.1:${host.port}`,
    program: ["--import", "tsx", join(copy, "src/main.ts")],
    environment: { TSX_TSCONFIG_PATH: join(copy, "tsconfig.json") },
  });
  try {
    expect(await readInterfacesFrom(gateway.url)).toEqual([{ name: "eth0", mtu: 1400 }]);
    mtu = "9000";
    await eventually(async () => {
      expect(await readInterfacesFrom(gateway.url)).toEqual([{ name: "eth0", mtu: 9000 }]);
    });
    // A guest may say what it likes; it must not keep its host's other VMs from being stored.
    mtu = 2 ** 40;
    await eventually(async () => {
      expect(await readInterfacesFrom(gateway.url)).toEqual([{ name: "eth0", mtu: null }]);
    });
    mtu = 1500;
    await eventually(async () => {
      expect(await readInterfacesFrom(gateway.url)).toEqual([{ name: "eth0", mtu: 1500 }]);
    });
    mtu = undefined;
    await eventually(async () => {
      expect(await readInterfacesFrom(gateway.url)).toEqual([{ name: "eth0", mtu: null }]);
    });
  } finally {
    await gateway.kill();
  }
});

function vmWith(mtuOfEth0: typeof mtu): object {
  const eth0 = { name: "eth0", hw: "56:6f:00:00:00:01", inet: ["10.1.2.3"], inet6: [], mtu: mtuOfEth0 };
  return { vmId: "1c0ffee0-0000-4000-8000-000000000001", vmName: "web", status: "Up", netIfaces: [eth0] };
}

async function readInterfacesFrom(url: string): Promise<unknown> {
  const answer = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: "{ vms { nodes { guestInfo { networkDevices { name mtu } } } } }" }),
  });
  const body = (await answer.json()) as {
    readonly data: {
      readonly vms: {
        readonly nodes: readonly { readonly guestInfo: { readonly networkDevices: unknown } }[];
      };
    };
  };
  return body.data.vms.nodes[0]?.guestInfo.networkDevices;
}

const COPIED = [
  ...["src", "migrations", "test", "bench", "ormconfig.ts", "vitest.config.ts"],
  ...["tsconfig.json", "package.json", "schema.graphql", "CHANGELOG.md"],
];
