import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CallFault } from "../../src/simulator/wire/faults.js";
import { startVdsmServer, type VdsmServer } from "../../src/simulator/wire/vdsm-server.js";
import { createWorld } from "../../src/simulator/world/world.js";
import { bodies, call, hello, RawPeer } from "./raw-peer.js";

const ANSWER =
  "MESSAGE\ndestination:jms.topic.vdsm_responses\ncontent-type:application/json\n" +
  'subscription:sub-responses\ncontent-length:49\n\n{"jsonrpc": "2.0", "id": "an-id", "result": true}\0';

let server: VdsmServer;
let peer: RawPeer;
let greeting: string;

beforeEach(async () => {
  const world = createWorld({ hosts: ["host1"] });
  world.addVm({ name: "vm-1", host: "host1" });
  server = await startVdsmServer({ world: world.createAnswers("host1") });
  peer = await RawPeer.dial(server.port);
  greeting = await peer.send(hello()).settle();
});

afterEach(async () => {
  await peer.close();
  await server.stop();
});

function answer(): string {
  return peer.text.replace(/RECEIPT\nreceipt-id:settled-\d+\n\n\0/g, "").slice(greeting.length);
}

async function ask(fault: CallFault): Promise<void> {
  server.faults.failNext(fault);
  const called = server.waitForCall();
  peer.send(call("Host.ping2"));
  await called;
}

describe("a scripted fault of a call", () => {
  test("hang: no answer, and the next call is answered", async () => {
    await ask({ kind: "hang" });
    await peer.settle();
    expect(answer()).toBe("");
    await peer.send(call("Host.ping2")).settle();
    expect(answer()).toBe(ANSWER);
  });

  test("silence: neither answers nor beats from then on, and the connection stays", async () => {
    await ask({ kind: "silence" });
    const probe = await RawPeer.dial(server.port);
    peer.send(call("Host.ping2"));
    await server.waitForCall();
    await probe.send(hello("mine")).settle();
    expect(answer()).toBe("");
    expect(server.connections).toBe(2);
    await probe.close();
  });

  test.each([1, 7, 1_000])("drip: the right bytes, %i at a time, and nothing between them", async (bytes) => {
    await ask({ kind: "drip", everyMs: 1, bytes });
    peer.send(call("Host.ping2"));
    await peer.until(() => answer().length >= 2 * ANSWER.length);
    expect(answer()).toBe(ANSWER + ANSWER);
  });

  test("drip: one answer after the other where several drip", async () => {
    for (let answers = 0; answers < 3; answers += 1) await ask({ kind: "drip", everyMs: 1, bytes: 10 });
    peer.send(call("Host.ping2"));
    await peer.until(() => answer().length >= 4 * ANSWER.length);
    expect(answer()).toBe(ANSWER.repeat(4));
  });

  test("hold: the answer comes when the promise resolves, later ones before it", async () => {
    let release = () => {};
    await ask({ kind: "hold", until: new Promise<void>((resolve) => (release = resolve)) });
    await peer.send(call("Host.ping2", {}, "later")).settle();
    release();
    await peer.until((text) => bodies(text).length === 2);
    expect(bodies(peer.text).map(({ id }) => id)).toEqual(["later", "an-id"]);
  });

  test.each([0, 1, 60, ANSWER.length - 1])("reset: exactly %i bytes, then ECONNRESET", async (atByte) => {
    await ask({ kind: "reset", atByte });
    expect(await peer.closed).toBe("ECONNRESET");
    expect(answer()).toBe(ANSWER.slice(0, atByte));
  });

  test.each([0, 60, ANSWER.length])("close: exactly %i bytes, then an orderly end", async (atByte) => {
    await ask({ kind: "close", atByte });
    expect(await peer.closed).toBeNull();
    expect(answer()).toBe(ANSWER.slice(0, atByte));
  });

  test("wrong-id: the right result under an id that nobody asked with", async () => {
    await ask({ kind: "wrong-id" });
    await peer.settle();
    expect(bodies(answer())).toEqual([
      { jsonrpc: "2.0", id: "00000000-0000-4000-8000-00000000dead", result: true },
    ]);
  });

  test("garbage: the given bytes, or some that are no frame", async () => {
    await ask({ kind: "garbage", bytes: Buffer.from("\xff\0junk", "latin1") });
    await peer.settle();
    expect(answer()).toBe("\xff\0junk");
    await ask({ kind: "garbage" });
    await peer.settle();
    expect(answer()).toContain("no frame at all");
  });

  test("malformed-json: a good frame around a bad body", async () => {
    await ask({ kind: "malformed-json", body: '{"id": "an-id", "result": NaN}' });
    await peer.settle();
    expect(answer()).toMatch(/content-length:30\n\n\{"id": "an-id", "result": NaN\}\0$/);
  });

  test.each([
    [{ kind: "recovering" } as const, { error: { code: 99 } }],
    [{ kind: "error", code: 1100, message: "Not enough resources" } as const, { error: { code: 1100 } }],
    [{ kind: "error", code: 100 } as const, { error: { code: 100 } }],
    [{ kind: "result", result: ["strange"] } as const, { result: ["strange"] }],
  ])("%j takes the place of the result", async (fault, expected) => {
    await ask(fault);
    await peer.settle();
    expect(bodies(answer())).toMatchObject([{ id: "an-id", ...expected }]);
  });

  test("oversize: announces more than anybody should read, and sends it", async () => {
    await ask({ kind: "oversize", bytes: 50_000_000 });
    await peer.until(() => answer().length > 200_000);
    expect(answer()).toMatch(/^MESSAGE\ncontent-type:application\/json\ncontent-length:50000000\n\n {9}/);
  });
});

describe("a scripted fault of a connection", () => {
  test("slow-tls and mute: accepted, never answered, and let go when the client goes", async () => {
    for (const kind of ["slow-tls", "mute"] as const) {
      server.faults.failNext({ kind });
      const victim = await RawPeer.dial(server.port);
      victim.send(hello());
      await peer.settle();
      expect(victim.text).toBe("");
      await victim.close();
    }
    await expect.poll(() => server.connections).toBe(1);
  });

  test("close-before-connected ends where CONNECTED was due", async () => {
    server.faults.failNext({ kind: "close-before-connected" });
    const victim = await RawPeer.dial(server.port);
    expect(await victim.send(hello()).closed).toBeNull();
    expect(victim.text).toBe("");
  });

  test("no-heartbeats promises beats and answers, but does not beat", async () => {
    server.faults.failNext({ kind: "no-heartbeats" });
    const [victim, sound] = [await RawPeer.dial(server.port), await RawPeer.dial(server.port)];
    const beating = hello().replace("0,15000", "0,1000");
    victim.send(beating);
    sound.send(beating);
    await sound.until((text) => text.endsWith("\n\n\0\n\n"));
    expect(bodies(await victim.send(call("Host.ping2")).settle())).toHaveLength(1);
    expect(victim.text).toMatch(/^CONNECTED\nversion:1.2\nheart-beat:1000,0\n\n\0M/);
    await victim.close();
    await sound.close();
  });

  test("dropped connections see a reset, and new ones are welcome", async () => {
    server.dropConnections();
    expect(await peer.closed).toBe("ECONNRESET");
    peer = await RawPeer.dial(server.port);
    expect(await peer.send(hello()).settle()).toBe(greeting);
    expect(server.accepted).toBe(2);
  });

  test("an unplugged host refuses until it is plugged in again, on the same port", async () => {
    await server.switchOff();
    expect(await peer.closed).toBe("ECONNRESET");
    expect(await (await RawPeer.dial(server.port)).closed).toBe("ECONNREFUSED");
    await server.switchOn();
    peer = await RawPeer.dial(server.port);
    expect(await peer.send(hello()).settle()).toBe(greeting);
  });
});

describe("a script", () => {
  test("uses steps once and in order, by verb, before those that stay", async () => {
    server.faults
      .failAlways({ kind: "error", code: 5 })
      .failNext({ kind: "error", code: 7 }, "Host.getVMList")
      .failNext({ kind: "error", code: 6 });
    expect(server.faults.pending).toBe(2);
    const verbs = ["Host.ping2", "Host.ping2", "Host.getVMList", "Host.ping2"];
    for (const verb of verbs) peer.send(call(verb));
    await peer.settle();
    expect(bodies(answer()).map(({ error }) => error?.code)).toEqual([6, 5, 7, 5]);
    expect(server.faults.pending).toBe(0);
    server.faults.clear();
    await peer.send(call("Host.ping2")).settle();
    expect(bodies(answer()).at(-1)).toMatchObject({ result: true });
  });
});
