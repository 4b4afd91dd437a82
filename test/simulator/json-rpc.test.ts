import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startVdsmServer, type VdsmServer } from "../../src/simulator/wire/vdsm-server.js";
import { createWorld, type World } from "../../src/simulator/world/world.js";
import { bodies, call, hello, RawPeer, request } from "./raw-peer.js";

const HOST = "host1.example.test";

let world: World;
let server: VdsmServer;
let peer: RawPeer;

beforeEach(async () => {
  world = createWorld({ hosts: [HOST] });
  server = await startVdsmServer({ world: world.createAnswers(HOST) });
  peer = await RawPeer.dial(server.port);
  await peer.send(hello()).frames(1);
});

afterEach(async () => {
  await peer.close();
  await server.stop();
});

async function answers(bytes: string): Promise<ReturnType<typeof bodies>> {
  return bodies(await peer.send(bytes).settle());
}

describe("a host's JSON-RPC", () => {
  test.each([
    ["Host.nope", {}, -32601, "The method does not exist or is not available: {'method': 'Host.nope'}"],
    ["VM.getStats", { vmID: "dead" }, 1, "Virtual machine does not exist: {'vmId': 'dead'}"],
    ["VM.getStats", {}, -32603, "Internal JSON-RPC error: {'reason': 'vmID'}"],
  ])("ends %s of %j with code %i", async (method, params, code, message) => {
    expect(await answers(call(method, params))).toEqual([
      { jsonrpc: "2.0", id: "an-id", error: { code, message } },
    ]);
  });

  test("ends every verb with code 99 while it recovers", async () => {
    world.setRecovering(HOST, true);
    expect(await answers(call("Host.ping2"))).toMatchObject([
      { error: { code: 99, message: "Recovering from crash or Initializing" } },
    ]);
    world.setRecovering(HOST, false);
    expect((await answers(call("Host.ping2"))).at(-1)).toMatchObject({ result: true });
  });

  test("ends what fails inside with code 16", async () => {
    const broken = await startVdsmServer({
      world: {
        answer() {
          throw new Error("a bug");
        },
      },
    });
    const other = await RawPeer.dial(broken.port);
    const text = await other.send(hello() + call("Host.ping2")).frames(2);
    expect(text).toContain('"error": {"code": 16, "message": "Unexpected exception"}}');
    await other.close();
    await broken.stop();
  });

  test.each([7, 1.5, "x", true, ""])("gives back the id %j as it is", async (id) => {
    expect(await answers(call("Host.ping2", {}, id))).toMatchObject([{ id, result: true }]);
  });

  test.each([{}, [], undefined, { unknown: 1 }])("takes params %j", async (params) => {
    expect(await answers(request({ jsonrpc: "2.0", method: "Host.ping2", params, id: 1 }))).toMatchObject([
      { result: true },
    ]);
  });

  test.each([
    ["null as params", '{"jsonrpc":"2.0","method":"Host.ping2","params":null,"id":1}', -32600],
    ["no method", '{"jsonrpc":"2.0","id":1}', -32600],
    ["no object", "7", -32600],
    ["an empty batch", "[]", -32600],
    ["no JSON", "{", -32700],
  ])("tells of %s only the default queue, under id null", async (_what, body, code) => {
    const own = await RawPeer.dial(server.port);
    await own.send(hello("mine")).frames(1);
    own.send(request(body, "mine"));
    expect(bodies(await own.settle())).toEqual([]);
    expect(bodies(await peer.frames(2))).toMatchObject([{ id: null, error: { code } }]);
    await own.close();
  });

  test("runs a batch of two and loses the answers; a batch of one is answered plainly", async () => {
    const ping = { jsonrpc: "2.0", method: "Host.ping2", id: 1 };
    expect(await answers(request([ping, { ...ping, id: 2 }]))).toEqual([]);
    expect(server.calls).toHaveLength(2);
    expect(await answers(request([ping]))).toEqual([{ jsonrpc: "2.0", id: 1, result: true }]);
  });

  test("answers nobody any more after a notification, while STOMP goes on", async () => {
    peer.send(request({ jsonrpc: "2.0", method: "Host.ping2", params: {} }));
    expect(await answers(call("Host.ping2"))).toEqual([]);
    const other = await RawPeer.dial(server.port);
    expect(bodies(await other.send(hello() + call("Host.ping2")).settle())).toEqual([]);
    expect(other.text).toContain("CONNECTED\n");
    await other.close();
  });

  test("answers nobody without reply-to", async () => {
    expect(await answers(request({ jsonrpc: "2.0", method: "Host.ping2", id: 1 }, null))).toEqual([]);
    expect(server.calls).toHaveLength(1);
  });

  test("sends a reply to everybody who listens there, whoever asked, once for each subscription", async () => {
    const other = await RawPeer.dial(server.port);
    other.send(`${hello()}SUBSCRIBE\ndestination:jms.topic.vdsm_responses\nid:second\n\n\0`);
    await other.settle();
    expect(await answers(call("Host.ping2", {}, "mine"))).toMatchObject([{ id: "mine" }]);
    const text = await other.until((each) => bodies(each).length === 2);
    expect(text).toContain("subscription:sub-responses\n");
    expect(text).toContain("subscription:second\n");
    await other.close();
  });

  test("sends events to those who are subscribed to them", async () => {
    server.notify("|net|host_conn|no_id", { notify_time: 2149870823 });
    await peer.send("SUBSCRIBE\ndestination:jms.queue.events\nid:sub-events\n\n\0").settle();
    server.notify("|net|host_conn|no_id", { notify_time: 2149870823 });
    expect(await peer.settle()).toContain(
      "MESSAGE\ndestination:jms.queue.events\ncontent-type:application/json\nsubscription:sub-events\n" +
        'content-length:91\n\n{"jsonrpc": "2.0", "method": "|net|host_conn|no_id", "params": {"notify_time": 2149870823}}\0',
    );
    expect(peer.text.split("|net|")).toHaveLength(2);
  });
});
