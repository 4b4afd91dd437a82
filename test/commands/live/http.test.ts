import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { readEvents } from "../../../src/commands/live/event-source.js";
import { findLiveGateway } from "../../../src/commands/live/find-gateway.js";
import { addToken, removeToken } from "../../../src/commands/token.js";
import { createAuthority } from "../../../src/simulator/wire/certificates.js";
import { startLiveServer } from "../../server/live/live-server.js";
import { addVms, changeIps, storedVm } from "../../store/changes/log-fixtures.js";
import { id } from "../../support/builders/ids.js";
import { HOSTS, INTERVAL_MS } from "../../support/builders/passes.js";
import { createDatabase } from "../../support/databases/database.js";
import { followGateway } from "./follow-gateway.js";
import { eventually } from "../../support/eventually.js";
import { runVnicGraph } from "../../support/processes/process.js";
import { freePort } from "../../support/processes/tcp.js";

const withIps = (number: number, ips: string) =>
  storedVm(number, { ips, interfaces: [], silence: "ips-only" });

/** Follows the gateway that flags name. */
function follow(flags: Record<string, string>) {
  const gateway = findLiveGateway(flags, {}, () => {
    throw new Error("the settings are not needed");
  });
  return followGateway(gateway, flags);
}

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "vnic-graph-"));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  return folder;
}

async function addTokenTo(file: string, flags: Record<string, string>): Promise<string> {
  const lines: string[] = [];
  const print = (line: string) => void lines.push(line);
  await addToken({ file, role: "reader", name: "x", ...flags }, print, () => undefined);
  return lines[0] ?? "";
}

describe("follow over HTTP", () => {
  test("sees what its token may see, and goes on behind the last change after a kill, until the token is gone", async () => {
    const database = await createDatabase();
    onTestFinished(() => database.drop());
    await database.store.registerHosts(HOSTS, INTERVAL_MS);
    const [vm, hidden] = [withIps(1, "10.0.0.1"), withIps(2, "10.0.0.2")];
    await addVms(database.store, [vm, hidden]);
    const folder = makeFolder();
    const [tokens, tokenFile] = [join(folder, "tokens"), join(folder, "token")];
    const token = await addTokenTo(tokens, { name: "follower", vmIds: id(1) });
    writeFileSync(tokenFile, token);
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/networks`;
    const start = async () => {
      const run = runVnicGraph(["start"], {
        ...{ DATABASE_URL: database.url, AUTH_TOKENS_FILE: tokens, BASE_PATH: "/networks" },
        ...{ PORT: String(port), REFRESH_INTERVAL: "off", LOG_LEVEL: "warn" },
      });
      const kill = async () => {
        run.child.kill("SIGKILL");
        await run.ended;
      };
      onTestFinished(kill);
      await run.says(/GraphQL: /);
      await eventually(async () => {
        const asked = await fetch(`${url}/graphql?query={vms{nodes{id}}}`, {
          headers: { authorization: `Bearer ${token}`, "apollo-require-preflight": "yes" },
        });
        expect(await asked.json()).toMatchObject({ data: { vms: { nodes: [{ id: id(1) }] } } });
      });
      return { child: run.child, kill };
    };
    const first = await start();
    const { hints, ended, told } = follow({ url, tokenFile });
    await eventually(() => {
      expect(told()).toEqual(["STATE 10.0.0.1"]);
    });
    const second = await changeIps(database.store, vm, "10.0.0.11");
    await eventually(() => {
      expect(told()).toHaveLength(2);
    });
    await first.kill();
    const third = await changeIps(database.store, second, "10.0.0.12");
    await changeIps(database.store, hidden, "10.0.0.22");
    const again = await start();
    await changeIps(database.store, third, "10.0.0.13");
    const all = ["STATE 10.0.0.1", "CHANGE 10.0.0.11", "CHANGE 10.0.0.12", "CHANGE 10.0.0.13"];
    await eventually(() => {
      expect(told()).toEqual(all);
    });
    expect(hints).toEqual([expect.stringMatching(/it is tried again, behind the last cursor$/)]);
    await removeToken(
      { file: tokens, name: "follower" },
      () => undefined,
      () => undefined,
    );
    again.child.kill("SIGHUP");
    await expect(ended).rejects.toThrow(/graphql\/stream answers with 401: /);
    expect(told()).toEqual(all);
  });

  test("trusts the CA of a file, and no other", async () => {
    const authority = await createAuthority();
    const { cert, key } = await authority.issueHost("localhost");
    const { server, database } = await startLiveServer({ tls: { cert, key, clientCa: null } });
    await addVms(database.store, [withIps(1, "10.0.0.1")]);
    const caFile = join(makeFolder(), "ca.pem");
    writeFileSync(caFile, authority.ca);
    const url = server.url.replace("127.0.0.1", "localhost");
    const { told, stop } = follow({ url, caFile });
    await eventually(() => {
      expect(told()).toEqual(["STATE 10.0.0.1"]);
    });
    await stop();
    await expect(follow({ url }).ended).rejects.toThrow(/certificate/);
    writeFileSync(caFile, (await createAuthority()).ca);
    await expect(follow({ url, caFile }).ended).rejects.toThrow(/certificate/);
  });

  test("ends with an error at a cursor of another database, and at one that is none", async () => {
    const [one, other] = [await startLiveServer(), await startLiveServer()];
    await addVms(one.database.store, [withIps(1, "10.0.0.1")]);
    const { lines, stop } = follow({ url: one.server.url });
    await eventually(() => {
      expect(lines).toHaveLength(1);
    });
    await stop();
    const after = lines[0]?.cursor ?? "";
    await expect(follow({ url: other.server.url, after }).ended).rejects.toMatchObject({
      extensions: { code: "CURSOR_LOST" },
    });
    await expect(follow({ url: one.server.url, after: "nonsense" }).ended).rejects.toThrow(/cursor/);
  });

  test("ends with an error where no gateway answers, or nobody", async () => {
    const { server } = await startLiveServer();
    await expect(follow({ url: `${server.url}/elsewhere` }).ended).rejects.toThrow(/answers with 404/);
    await expect(follow({ url: `http://127.0.0.1:${await freePort()}` }).ended).rejects.toThrow(
      /ECONNREFUSED/,
    );
  });
});

describe("wait over HTTP", () => {
  test("prints the same and exits as with the database: 0, 1 at the timeout, 2 for wrong arguments", async () => {
    const { server, database } = await startLiveServer();
    const vm = withIps(1, "10.0.0.1");
    await addVms(database.store, [vm]);
    const wait = async (words: readonly string[], environment: Record<string, string> = {}) => {
      const run = runVnicGraph(["wait", ...words], environment);
      return [await run.ended, run.output()];
    };
    const runs = await Promise.all([
      wait([vm.name, "--url", server.url]),
      wait([id(1), "--family", "ipv6", "--timeout", "500ms"], { GATEWAY_URL: `${server.url}/graphql` }),
      wait(["nobody", "--url", server.url]),
      wait([id(1), "--url", "gateway.example"]),
      wait([id(1), "--token", "t"]),
    ]);
    expect(runs).toEqual([
      [0, "10.0.0.1\n"],
      [1, `vnic-graph: ${id(1)} has no such address yet\n`],
      [2, expect.stringContaining("no VM is called nobody")],
      [2, expect.stringContaining("GATEWAY_URL must be like https://gateway.example.org")],
      [2, expect.stringContaining("name it by --url")],
    ]);
  });
});

describe("access to a gateway", () => {
  const refuse = (flags: Record<string, string>, environment: Record<string, string> = {}) =>
    expect(() =>
      findLiveGateway({ url: "https://a.example", ...flags }, environment, () => {
        throw new Error("the settings are not needed");
      }),
    );

  test("is refused where it is not clear, with what to mend", async () => {
    refuse({ token: "a", tokenFile: "b" }).toThrow(/set one of them/);
    refuse({ databaseUrl: "postgres://x" }).toThrow(/give one of them/);
    refuse({ url: "https://me:secret@a.example" }).toThrow(/no name and password/);
    refuse({ caFile: "/nowhere" }).toThrow(/GATEWAY_CA_FILE must name a file that can be read \(ENOENT\)/);
    await expect(follow({ url: "http://127.0.0.1:1", tokenFile: "/nowhere" }).ended).rejects.toThrow(
      /GATEWAY_TOKEN_FILE must name a file/,
    );
    await expect(follow({ url: "http://127.0.0.1:1", token: "a b" }).ended).rejects.toThrow(
      /characters that no token has/,
    );
  });
});

test("events are read whole, wherever a stream is cut", async () => {
  const text = Buffer.from(
    ':\n\nevent: next\r\ndata: {"name":"Büro"}\r\n\r\ndata: 1\ndata: 2\n\nevent: late',
  );
  const expected = [
    { event: "next", data: '{"name":"Büro"}' },
    { event: "message", data: "1\n2" },
  ];
  for (let size = 1; size <= text.length; size += 1) {
    const chunks = Array.from({ length: Math.ceil(text.length / size) }, (_, at) =>
      text.subarray(at * size, (at + 1) * size),
    );
    const stream = (async function* () {
      for (const chunk of chunks) yield await Promise.resolve(chunk);
    })();
    const events = [];
    for await (const event of readEvents(stream)) events.push(event);
    expect(events).toEqual(expected);
  }
});
