import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startVdsmServer, type VdsmServer } from "../../src/simulator/wire/vdsm-server.js";
import { createWorld } from "../../src/simulator/world/world.js";
import { call, hello, RawPeer, request } from "./raw-peer.js";

const CONNECTED = "CONNECTED\nversion:1.2\nheart-beat:15000,0\n\n\0";

let server: VdsmServer;
let peer: RawPeer;

beforeEach(async () => {
  const world = createWorld({ hosts: ["host1.example.test"] }).createAnswers("host1.example.test");
  server = await startVdsmServer({ world, firstBytesMs: 2_000 });
  peer = await RawPeer.dial(server.port);
});

afterEach(async () => {
  await peer.close();
  await server.stop();
});

describe("a host's STOMP", () => {
  test("is byte for byte what was captured for CONNECT, SUBSCRIBE and a ping in one write", async () => {
    const id = "b5d70f41-6e4c-5b3c-9c0f-cdc8bad0abba";
    const body = `{"jsonrpc": "2.0", "method": "Host.ping2", "params": {}, "id": "${id}"}`;
    expect(await peer.send(hello() + request(body)).frames(2)).toBe(
      `${CONNECTED}MESSAGE\ndestination:jms.topic.vdsm_responses\ncontent-type:application/json\n` +
        `subscription:sub-responses\ncontent-length:80\n\n{"jsonrpc": "2.0", "id": "${id}", "result": true}\0`,
    );
  });

  test.each(["1.0,1.1,1.2", "1.1", "1.2,1.1", ""])(
    "refuses accept-version %j and stays open",
    async (version) => {
      const refusal = "ERROR\ncontent-length:19\n\nVersion unsupported\0";
      expect(await peer.send(`CONNECT\naccept-version:${version}\n\n\0`).frames(1)).toBe(refusal);
      expect(await peer.send(hello()).frames(2)).toBe(refusal + CONNECTED);
    },
  );

  test.each([
    ["heart-beat:500,100\n", "1000,1000"],
    ["heart-beat:0,15000\n", "15000,0"],
    ["heart-beat:7000,0\n", "0,7000"],
    ["heart-beat:junk\n", "0,0"],
    ["heart-beat:-5,x\n", "0,0"],
    ["", "0,0"],
  ])("answers %j with heart-beat:%s", async (header, answer) => {
    expect(await peer.send(`CONNECT\naccept-version:1.2\n${header}\n\0`).frames(1)).toBe(
      `CONNECTED\nversion:1.2\nheart-beat:${answer}\n\n\0`,
    );
  });

  test("beats with one line feed as often as the client asks", async () => {
    peer.send("CONNECT\naccept-version:1.2\nheart-beat:0,1\n\n\0");
    const text = await peer.until((each) => each.endsWith("\0\n\n"));
    expect(text).toBe("CONNECTED\nversion:1.2\nheart-beat:1000,0\n\n\0\n\n");
  });

  test("drops a client that promised beats and gives none", async () => {
    peer.send("CONNECT\naccept-version:1.2\nheart-beat:1000,1000\n\n\0");
    await peer.closed;
    expect(peer.text).toMatch(/^CONNECTED\nversion:1\.2\nheart-beat:1000,1000\n\n\0\n*$/);
  });

  test("takes the first of repeated headers, CRLF, beats between frames and escaped values", async () => {
    peer.send(
      "CONNECT\r\naccept-version:1.2\r\naccept-version:1.1\r\n\r\n\0\n\n\r\n" +
        "SUBSCRIBE\nid:a\\cb\\\\c\ndestination:q\\c1\nid:other\n\n\0" +
        request({ jsonrpc: "2.0", method: "Host.ping2", id: 7 }, "q\\c1"),
    );
    expect(await peer.frames(2)).toContain(
      "MESSAGE\ndestination:q\\c1\ncontent-type:application/json\nsubscription:a\\cb\\\\c\ncontent-length:43\n",
    );
  });

  test("counts a body in bytes, and reads one without a length up to the first NUL", async () => {
    peer.send(hello() + call("Host.ping2", { text: "ü€😀" }, 1));
    const bare = JSON.stringify({ jsonrpc: "2.0", method: "Host.ping2", id: "ü😀" });
    peer.send(
      `SEND\ndestination:jms.topic.vdsm_irs_requests\nreply-to:jms.topic.vdsm_responses\n\n${bare}\0`,
    );
    expect(await peer.frames(3)).toContain('"id": "\\u00fc\\ud83d\\ude00"');
  });

  test.each([
    ["a body without its NUL", `SEND\ndestination:x\ncontent-length:2\n\nabcd\0`],
    ["a length that is none", "SEND\ndestination:x\ncontent-length:many\n\nab\0"],
    ["a negative length", "SEND\ndestination:x\ncontent-length:-1\n\nab\0"],
    ["a header without a colon", "SEND\nnonsense\n\n\0"],
    ["ACK", "ACK\nid:1\n\n\0"],
    ["BEGIN", "BEGIN\ntransaction:1\n\n\0"],
    ["DISCONNECT without a receipt", "DISCONNECT\n\n\0"],
  ])("closes on %s, and reads nothing that follows", async (_what, bytes) => {
    await peer.send(hello()).frames(1);
    peer.send(bytes + call("Host.ping2"));
    expect(await peer.closed).toBeNull();
    expect(peer.text).toBe(CONNECTED);
    expect(server.calls).toEqual([]);
  });

  test("gives a receipt for DISCONNECT and stays open", async () => {
    peer.send(`${hello()}DISCONNECT\nreceipt:bye\n\n\0${call("Host.ping2")}`);
    expect(await peer.frames(3)).toContain("RECEIPT\nreceipt-id:bye\n\n\0MESSAGE\n");
  });

  test.each([
    ["SUBSCRIBE\nid:1\n\n\0", "Missing destination or subscription id header"],
    ["SUBSCRIBE\ndestination:d\n\n\0", "Missing destination or subscription id header"],
    ["SUBSCRIBE\nid:sub-responses\ndestination:d\n\n\0", "Subscription id already exists"],
    ["SEND\ndestination:jms.queue.nobody\n\n{}\0", "Subscription not available"],
    ["SEND\n\n{}\0", "Subscription not available"],
  ])("answers %j with an ERROR and stays open", async (bytes, text) => {
    peer.send(hello() + bytes + call("Host.ping2"));
    expect(await peer.frames(3)).toContain(`\0ERROR\ncontent-length:${text.length}\n\n${text}\0MESSAGE\n`);
  });

  test("takes requests at dotted children of its destinations", async () => {
    const body = '{"jsonrpc": "2.0", "method": "Host.ping2", "id": 1}';
    peer.send(
      `${hello()}SEND\ndestination:jms.topic.vdsm_requests.a.b\nreply-to:jms.topic.vdsm_responses\n\n${body}\0`,
    );
    expect(await peer.frames(2)).toContain('{"jsonrpc": "2.0", "id": 1, "result": true}');
  });

  test("sends nothing more to a subscription that ended", async () => {
    peer.send(`${hello()}UNSUBSCRIBE\nid:sub-responses\n\n\0${call("Host.ping2")}`);
    expect(await peer.settle()).toBe(CONNECTED);
    expect(server.calls).toHaveLength(1);
  });
});

describe("what a host finds out from the first eleven bytes", () => {
  test.each([
    "\nCONNECT\naccept-version:1.2\n\n\0",
    "STOMP\naccept-version:1.2\n\n\0",
    "\x16\x03\x01 hello TLS",
  ])("closes on %j", async (bytes) => {
    peer.send(bytes);
    expect(await peer.closed).toBeNull();
    expect(peer.text).toBe("");
  });

  test.each(["", "CONNECT\n\n\0"])("waits for more than %j, until its patience ends", async (bytes) => {
    if (bytes !== "") peer.send(bytes);
    expect(await peer.closed).toBeNull();
    expect(peer.text).toBe("");
  });

  test("reads a frame of ten bytes once something follows it", async () => {
    peer.send("CONNECT\n\n\0").send("\n");
    expect(await peer.frames(1)).toContain("Version unsupported");
  });

  test("answers an HTTP probe with 400 and an end", async () => {
    peer.send("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
    expect(await peer.closed).toBeNull();
    expect(peer.text).toMatch(/^HTTP\/1\.1 400 /);
  });
});
