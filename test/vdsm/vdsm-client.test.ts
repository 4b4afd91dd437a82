import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { HostError } from "../../src/vdsm/errors.js";
import { createVdsmClient, type VdsmClient, type VdsmClientOptions } from "../../src/vdsm/vdsm-client.js";
import { startRawHost, type Asked, type RawHost } from "./fixtures/raw-host.js";
import { encodeConnected, errorText, encodeMessage, resultText, VM_ID, VM_STATS } from "./fixtures/wire.js";

const open: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.stop();
});

async function createHost(...given: Parameters<typeof startRawHost>): Promise<RawHost> {
  const host = await startRawHost(...given);
  open.push(host);
  return host;
}

function createClient(port: number, options: Partial<VdsmClientOptions> = {}): VdsmClient {
  const client = createVdsmClient({ host: "127.0.0.1", port, tls: null, ...options });
  open.push({ stop: () => client.close() });
  return client;
}

async function readError(answer: Promise<unknown>): Promise<HostError> {
  const error: unknown = await answer.then(
    () => "answered",
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(HostError);
  return error as HostError;
}

/** Answers every verb with the same result. */
function always(result: string) {
  return ({ id, reply }: Asked) => {
    reply(resultText(id, result));
  };
}

describe("a VDSM client on the wire", () => {
  test("sends the frames that VDSM wants, each with its headers", async () => {
    const host = await createHost(always("true"));
    await createClient(host.port, { heartbeatMs: 12_000 }).ping2();
    const uuid = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}";
    const [connect, subscribe, send] = host.received[0]!.split("\0");
    expect(connect).toBe("CONNECT\naccept-version:1.2\nhost:127.0.0.1\nheart-beat:0,12000\n\n");
    expect(subscribe).toMatch(new RegExp(`^SUBSCRIBE\ndestination:${uuid}\nid:${uuid}\nack:auto\n\n$`));
    const [head, body] = send!.split("\n\n");
    const queue = /destination:(.*)/.exec(subscribe!)![1]!;
    expect(head).toBe(
      `SEND\ndestination:jms.topic.vdsm_requests\nreply-to:${queue}\ncontent-length:${body!.length}`,
    );
    expect(body).toMatch(new RegExp(`^{"jsonrpc":"2.0","method":"Host.ping2","params":{},"id":"${uuid}"}$`));
  });

  test("reads the report of a host whose CONNECTED and answer come in one piece", async () => {
    const host = await createHost(
      ({ socket, id, queue, subscription }) => {
        const reply = encodeMessage(queue, subscription, resultText(id, `[${VM_STATS}]`));
        socket.write(Buffer.concat([Buffer.from("\n"), reply, Buffer.from("\n\n")]));
      },
      (socket) => socket.write(encodeConnected()),
    );
    const { vms } = await createClient(host.port).getAllVmStats();
    expect(vms).toMatchObject([{ vmId: VM_ID, netIfaces: [{ name: "lo" }, { name: "eth0" }] }]);
  });

  test("asks over one connection, and gives each call its own answer in any order", async () => {
    const waiting: Asked[] = [];
    const host = await createHost((asked) => {
      waiting.push(asked);
      if (waiting.length < 3) return;
      for (const { verb, id, reply } of waiting.reverse()) {
        const list = `[{"vmId": "${VM_ID}", "devices": []}]`;
        reply(resultText(id, verb === "Host.getVMFullList" ? list : verb === "Host.ping2" ? "true" : "{}"));
      }
    });
    const client = createClient(host.port);
    const [lists, , capabilities] = await Promise.all([
      client.getVMFullList([VM_ID]),
      client.ping2(),
      client.getCapabilities(),
    ]);
    expect([...lists]).toEqual([[VM_ID, []]]);
    expect(capabilities).toEqual({ hostname: null, softwareVersion: null });
    expect(host.accepted).toBe(1);
  });

  test("pays no attention to unknown ids, events, and messages of other subscriptions", async () => {
    const host = await createHost(({ socket, id, queue, reply }) => {
      reply(resultText("cfa4500b-d3e0-569e-a3cf-3ab9b788d013", "false"));
      reply(`{"jsonrpc": "2.0", "method": "|net|host_conn|no_id", "params": {"notify_time": 2149870823}}`);
      reply("[]");
      socket.write(encodeMessage(queue, "another", resultText(id, "[]")));
      socket.write(Buffer.from("RECEIPT\nreceipt-id:x\n\n\0"));

      reply(resultText(id, `{"hostname": "h1"}`));
    });
    expect(await createClient(host.port).getCapabilities()).toMatchObject({ hostname: "h1" });
  });

  test("does not ask for the vNICs of no VM, which VDSM would take for all", async () => {
    const host = await createHost(always("true"));
    const client = createClient(host.port);
    expect([...(await client.dumpxmls([])), ...(await client.getVMFullList([]))]).toEqual([]);
    expect(host.accepted).toBe(0);
  });

  test.each([
    [99, "Recovering from crash or Initializing", "recovering"],
    [1, "Virtual machine does not exist: {'vmId': '…'}", "fault"],
    [-32601, "The method does not exist", "fault"],
  ])("tells error %i as what it is", async (code, message, kind) => {
    const host = await createHost(({ id, reply }) => {
      reply(errorText(id, code, message));
    });
    const error = await readError(createClient(host.port).dumpxmls([VM_ID]));
    expect(error).toMatchObject({ kind, code });
    expect(error.message).toMatch(/^127\.0\.0\.1:\d+: Host\.dumpxmls: /);
  });

  test.each([
    [
      "an ERROR frame",
      "ERROR\ncontent-length:19\n\nVersion unsupported\0",
      "the host refuses: Version unsupported",
    ],
    ["an ERROR header", "ERROR\nmessage:no\n\n\0", "the host refuses: no"],
    ["another version", "CONNECTED\nversion:1.1\n\n\0", "STOMP 1.1"],
    ["no version", "CONNECTED\n\n\0", "STOMP 1.0"],
    ["a MESSAGE first", "MESSAGE\n\n\0", "MESSAGE where none was due"],
    ["a RECEIPT first", "RECEIPT\n\n\0", "RECEIPT where none was due"],
    [
      "CONNECTED twice",
      "CONNECTED\nversion:1.2\n\n\0CONNECTED\nversion:1.2\n\n\0",
      "CONNECTED where none was due",
    ],
    ["HTTP", "HTTP/1.1 400 Bad Request\r\n\r\n", "does not speak STOMP"],
    ["a TLS alert", "\x15\x03\x03\x00\x02\x02\x46", "is it TLS on one side only"],
  ])("refuses a host that greets with %s", async (_, greeting, what) => {
    const host = await createHost(
      () => undefined,
      (socket) => socket.write(Buffer.from(greeting, "latin1")),
    );
    const error = await readError(createClient(host.port).ping2());
    expect(error.kind).toBe("protocol");
    expect(error.message).toContain(what);
  });

  test("fails all calls in flight when an answer cannot be assigned to one", async () => {
    const host = await createHost(({ reply }) => {
      reply(`{"jsonrpc": "2.0", "result": [`);
    });
    const client = createClient(host.port);
    const errors = await Promise.all([readError(client.ping2()), readError(client.getCapabilities())]);
    expect(errors.map(({ kind }) => kind)).toEqual(["protocol", "protocol"]);
  });

  test("connects anew for the next call after a failure, and repeats none", async () => {
    const host = await createHost(({ socket, id, reply }) => {
      if (host.accepted === 1) socket.resetAndDestroy();
      else reply(resultText(id, "true"));
    });
    const client = createClient(host.port);
    const errors = await Promise.all([readError(client.ping2()), readError(client.ping2())]);
    expect(errors.map(({ kind }) => kind)).toEqual(["unreachable", "unreachable"]);
    await client.ping2();
    expect(host.accepted).toBe(2);
    expect(host.received[1]!.match(/SEND\n/g)).toHaveLength(1);
  });

  test("ends a call at its deadline, and the connection with it, though the host drips", async () => {
    const host = await createHost(({ socket, id, queue, subscription, reply }) => {
      if (host.accepted > 1) {
        reply(resultText(id, "true"));
        return;
      }
      const bytes = encodeMessage(queue, subscription, resultText(id, "true"));
      let at = 0;
      const timer = setInterval(() => socket.write(bytes.subarray(at, ++at)), 20);
      socket.once("close", () => {
        clearInterval(timer);
      });
    });
    const client = createClient(host.port, { callTimeoutMs: 1_000 });
    const other = new Promise<HostError>((resolve) =>
      setTimeout(() => {
        resolve(readError(client.getCapabilities()));
      }, 100),
    );
    const error = await readError(client.ping2());
    expect(error.kind).toBe("timeout");
    expect(error.message).toContain("Host.ping2: no answer within 1000 ms");
    expect(await other).toMatchObject({ kind: "unreachable" });
    await client.ping2();
    expect(host.accepted).toBe(2);
  });

  test("drops a host that keeps silent for longer than it promised", async () => {
    const host = await createHost(
      () => undefined,
      (socket) => socket.write(encodeConnected("100,0")),
    );
    const error = await readError(createClient(host.port).ping2());
    expect(error).toMatchObject({ kind: "unreachable" });
    expect(error.message).toContain("no sign of life for 150 ms");
  });

  test("keeps a host that says little, as long as it says something", async () => {
    const host = await createHost(
      ({ socket, id, reply }) => {
        let beats = 0;
        const timer = setInterval(() => {
          socket.write("\n");
          if (++beats < 8) return;
          clearInterval(timer);
          reply(resultText(id, "true"));
        }, 50);
      },
      (socket) => socket.write(encodeConnected("200,0")),
    );
    await createClient(host.port).ping2();
  });

  test("gives up a host that accepts and says nothing, and says how far it came", async () => {
    const host = await createHost(
      () => undefined,
      () => undefined,
    );
    const error = await readError(createClient(host.port, { connectTimeoutMs: 100 }).ping2());
    expect(error.kind).toBe("unreachable");
    expect(error.message).toContain("connected, but no CONNECTED within 100 ms");
  });

  test("bounds connecting by a call's deadline", async () => {
    const host = await createHost(
      () => undefined,
      () => undefined,
    );
    const error = await readError(createClient(host.port, { callTimeoutMs: 100 }).ping2());
    expect(error).toMatchObject({ kind: "unreachable" });
    expect(error.message).toContain("within 100 ms");
  });

  test("refuses an answer above the limit before it comes", async () => {
    const host = await createHost(({ socket }) => socket.write("MESSAGE\ncontent-length:100001\n\nx"));
    const error = await readError(createClient(host.port, { maxFrameBytes: 100_000 }).getAllVmStats());
    expect(error.kind).toBe("protocol");
    expect(error.message).toContain("100000 bytes allowed");
  });

  test("F20: scans small and large answers, and says which host sent a large unreadable one", async () => {
    const bodies = [
      `[${VM_STATS}]`,
      `[${VM_STATS}${" ".repeat(4_194_304)}]`,
      `[${VM_STATS}${" ".repeat(8_388_608)}`,
    ];
    const host = await createHost(({ id, reply }) => {
      reply(resultText(id, bodies.shift()!));
    });
    const client = createClient(host.port);
    for (let at = 0; at < 2; at += 1) {
      expect((await client.scanAllVmStats(null)).vms).toMatchObject([{ vmId: VM_ID }]);
    }
    const error = await readError(client.scanAllVmStats(null));
    expect(error.kind).toBe("protocol");
    expect(error.message).toMatch(
      new RegExp(
        `^127.0.0.1:${host.port}: Host.getAllVmStats: the answer, \\d+ bytes, is not JSON at its byte \\d+$`,
      ),
    );
  });

  test("ends a call by its signal, and keeps the connection for others", async () => {
    const host = await createHost(({ verb, id, reply }) => {
      if (verb === "Host.ping2") reply(resultText(id, "true"));
      else abort.abort();
    });
    const abort = new AbortController();
    const client = createClient(host.port);
    expect(await readError(client.getAllVmStats(abort.signal))).toMatchObject({ kind: "aborted" });
    expect(await readError(client.getAllVmStats(abort.signal))).toMatchObject({ kind: "aborted" });
    await client.ping2(new AbortController().signal);
    expect(host.accepted).toBe(1);
  });

  test("does not even connect for a call that was aborted before", async () => {
    const host = await createHost(always("true"));
    expect(await readError(createClient(host.port).ping2(AbortSignal.abort()))).toMatchObject({
      kind: "aborted",
    });
    expect(host.accepted).toBe(0);
  });

  test("once closed, has ended every call and answers none", async () => {
    const host = await createHost(() => void client.close());
    const client = createClient(host.port);
    expect(await readError(client.ping2())).toMatchObject({ kind: "aborted" });
    expect(await readError(client.ping2())).toMatchObject({ kind: "aborted" });
    expect(host.accepted).toBe(1);
  });

  test("can be closed before and while it connects", async () => {
    const host = await createHost(always("true"));
    const client = createClient(host.port);
    await client.close();
    const other = createClient(host.port);
    const error = readError(other.ping2());
    await other.close();
    expect(await error).toMatchObject({ kind: "aborted" });
  });

  test("tells a refused connection and an unknown name, and recovers when the host comes", async () => {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    const refused = await readError(createClient(port).ping2());
    expect(refused.kind).toBe("unreachable");
    expect(refused.message).toMatch(/^127\.0\.0\.1:\d+: Host\.ping2: connection refused.*\(ECONNREFUSED\)$/);
    const unknown = await readError(createClient(port, { host: "no-such-host.invalid" }).ping2());
    expect(unknown.kind).toBe("unreachable");
  });

  test("survives a port that is none", async () => {
    expect(await readError(createClient(70_000).ping2())).toMatchObject({ kind: "unreachable" });
  });

  test("writes IPv6 addresses in brackets, and escapes them on the wire", () => {
    expect(createClient(54_321, { host: "::1" }).address).toBe("[::1]:54321");
  });

  test("tells what is wrong with certificates that cannot be read, and asks for them anew", async () => {
    let asked = 0;
    const client = createClient(1, {
      tls: () => Promise.reject(new Error(`client key /k.pem: no such file ${++asked}`)),
    });
    expect(await readError(client.ping2())).toMatchObject({ kind: "untrusted" });
    expect((await readError(client.ping2())).message).toBe(
      "127.0.0.1:1: Host.ping2: our own certificate, key or CA cannot be used; the log and `vnic-graph doctor` say which and why",
    );
  });

  test("waits for certificates no longer than for the rest", async () => {
    const client = createClient(1, { connectTimeoutMs: 50, tls: () => new Promise(() => undefined) });
    const error = await readError(client.ping2());
    expect(error.message).toContain("certificates not read within 50 ms");
  });
});
