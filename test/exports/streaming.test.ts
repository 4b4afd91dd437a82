import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { setImmediate } from "node:timers/promises";
import Fastify, { type FastifyInstance } from "fastify";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { registerExports, type ExportOptions } from "../../src/exports/export-plugin.js";
import { FORMATS, type FormatName } from "../../src/exports/formats.js";
import { createLoaders } from "../../src/loaders/loaders.js";
import { uuid } from "../support/builders/ids.js";
import { createMemoryReadStore } from "../support/builders/memory-read-store.js";
import { vmRow } from "../support/builders/rows.js";
import { eventually } from "../support/eventually.js";

let app: FastifyInstance;
let reply: ServerResponse;
/** How many pieces were read. */
let pieces: number;
/** Lets this many pieces be read, and ends the list then. */
let end: number;
let validFor: number;

beforeEach(() => {
  [pieces, end, validFor] = [0, Infinity, Infinity];
  app = Fastify();
  app.addHook("onRequest", (_request, { raw }, done) => {
    reply = raw;
    done();
  });
});

afterEach(() => app.close());

/** Starts a server whose list of VMs goes on for as long as it is read. */
async function listen(options: Partial<ExportOptions> = {}): Promise<number> {
  const reads = createMemoryReadStore();
  const store = {
    ...reads,
    readVmsPage: () => {
      pieces += 1;
      const count = pieces > end ? 0 : 500;
      const rows = Array.from({ length: count }, (_, at) => {
        const number = 500 * pieces + at;
        return vmRow(number, { id: uuid(1, number), name: `vm-${String(number).padStart(9, "0")}` });
      });
      return Promise.resolve(rows);
    },
  };
  await app.register(registerExports, {
    findWork: () => (job) => job(createLoaders(store)),
    openList: () => undefined,
    findScope: () => null,
    checkAgain: () => (pieces < validFor ? Promise.resolve() : Promise.reject(new Error("withdrawn"))),
    version: "1.2.3",
    readFilter: () => ({}),
    routeConfig: {},
    ...options,
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  return (app.server.address() as AddressInfo).port;
}

async function read(port: number): Promise<{ text: string; isWhole: boolean }> {
  const response = await fetch(`http://127.0.0.1:${port}/export/ndjson`);
  let text = "";
  try {
    const reader = response.body!.getReader();
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      text += Buffer.from(chunk.value).toString();
    }
    return { text, isWhole: true };
  } catch {
    return { text, isWhole: false };
  }
}

describe("an export", () => {
  test("of VMs without end reads no more pieces than a client takes, and goes on when it reads", async () => {
    const port = await listen();
    const client = connect(port, "127.0.0.1");
    client.pause();
    client.write("GET /export/ndjson HTTP/1.1\r\nhost: x\r\n\r\n");
    await once(client, "connect");
    await eventually(() => {
      expect(reply.writableNeedDrain).toBe(true);
    });
    // Whatever else the process does meanwhile, nothing more is read.
    const stalled = pieces;
    for (let turn = 0; turn < 1_000; turn += 1) await setImmediate();
    expect(pieces).toBe(stalled);
    // What sockets hold, and one piece more: of megabytes of VMs, not all.
    expect(pieces).toBeLessThan(400);
    expect(reply.writableLength).toBeLessThan(2_000_000);
    const before = pieces;
    client.resume();
    await eventually(() => {
      expect(pieces).toBeGreaterThan(before + 100);
    });
    client.destroy();
    await eventually(() => {
      expect(reply.closed).toBe(true);
    });
  });

  test("that is refused before its first VMs were read is answered with the refusal, and not as an empty list", async () => {
    validFor = 0;
    const response = await fetch(`http://127.0.0.1:${await listen()}/export/ndjson`);
    expect(response.status).toBe(500);
  });

  test("ends in the middle when its credentials are withdrawn, so that nobody takes a part for the whole", async () => {
    validFor = 20;
    const { text, isWhole } = await read(await listen());
    expect(isWhole).toBe(false);
    expect(text.split("\n").length).toBeLessThanOrEqual(20 * 500 + 1);
    expect(pieces).toBe(20);
  });

  test("ends in the middle when its time is up", async () => {
    const { isWhole } = await read(await listen({ maxMs: 300 }));
    expect(isWhole).toBe(false);
  });

  test("has another tag from another version of the program", async () => {
    end = 1;
    const tags = new Set<string | undefined>();
    for (const version of ["1.2.3", "1.2.4", "1.2.3"]) {
      const one = Fastify();
      const store = { ...createMemoryReadStore(), readChangeMark: () => Promise.resolve("mark") };
      await one.register(registerExports, {
        findWork: () => (job) => job(createLoaders(store)),
        openList: () => undefined,
        findScope: () => null,
        checkAgain: () => Promise.resolve(),
        version,
        readFilter: () => ({}),
        routeConfig: {},
      });
      tags.add((await one.inject("/export/csv")).headers.etag);
      await one.close();
    }
    expect(tags.size).toBe(2);
    expect([...tags]).not.toContain(undefined);
  });

  /** Exports one VM with this name, which its guest claims as well. */
  async function exportNamed(format: string, name: string): Promise<string> {
    const reads = createMemoryReadStore();
    reads.vms.push(vmRow(1, { name, fqdn: name, ips: ["10.0.0.1"], interfacesKnown: false }));
    await app.register(registerExports, {
      findWork: () => (job) => job(createLoaders(reads)),
      openList: () => undefined,
      findScope: () => null,
      checkAgain: () => Promise.resolve(),
      version: "1",
      readFilter: () => ({}),
      routeConfig: {},
    });
    return (await app.inject(`/export/${format}`)).body;
  }

  test.each(["=1", "+1", "-1", "@a", "\t=1", "\n=1", "\r=1", " =1", '"=1', "＝1", "＋1", "－1", "＠a"])(
    "has no field of CSV that a spreadsheet takes for a formula: %j",
    async (name) => {
      expect(await exportNamed("csv", name)).toMatch(/\r\n[\da-f-]{36},"?'/);
    },
  );

  test.each(["x;=1", 'x;"=cmd|a!A0;', "x; \t@a", "x;\n-1"])(
    "has none behind a semicolon either, where that divides cells: %j",
    async (name) => {
      const cells = (await exportNamed("csv", name)).split(";").slice(1);
      for (const cell of cells.filter((each) => /[=@-]/.test(each))) expect(cell).toMatch(/^(?:'|",UP)/);
      expect(cells.length).toBeGreaterThan(0);
    },
  );

  test.each(Object.keys(FORMATS) as FormatName[])(
    "shows a terminal nothing to obey, whatever a VM and its guest are called: %s",
    async (format) => {
      const name = "a\u001b[31m\u009b2J\u202egnp\u2028\r\nb\u0007";
      const text = await exportNamed(format, name);
      expect(text).toContain("10.0.0.1");
      expect(text).not.toMatch(/[^\P{C}\r\n\t]/u);
      if (format === "json") expect(JSON.parse(text)).toMatchObject([{ name, fqdn: name }]);
      else expect(text.trim().split("\n").length).toBeLessThanOrEqual(5);
    },
  );
});
