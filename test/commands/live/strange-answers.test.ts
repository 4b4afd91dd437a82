import { createServer, type RequestListener, type ServerResponse } from "node:http";
import { Writable } from "node:stream";
import { expect, onTestFinished, test } from "vitest";
import { findLiveGateway } from "../../../src/commands/live/find-gateway.js";
import { readFollowTask, runFollowCommand } from "../../../src/commands/live/follow.js";
import { GatewayRefusedError } from "../../../src/commands/live/gateway-refused-error.js";
import { readWaitTask, runWaitCommand } from "../../../src/commands/live/wait.js";
import { id } from "../../support/builders/ids.js";
import { eventually } from "../../support/eventually.js";
import { runVnicGraph } from "../../support/processes/process.js";
import { freePort } from "../../support/processes/tcp.js";

/** Starts a server that stands in for a gateway, at any port or this one. */
async function serve(answer: RequestListener, port = 0): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? (address?.port ?? 0) : 0}`;
}

const tellEvent = (response: ServerResponse, data: unknown) => {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(`event: next\ndata: ${typeof data === "string" ? data : JSON.stringify({ data })}\n\n`);
};
const answerJson = (response: ServerResponse, status: number, answer: unknown) => {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(answer));
};
const tellAddress = (response: ServerResponse, address: unknown) => {
  tellEvent(response, { vmAddressReady: { address } });
};
const findGateway = (url: string) =>
  findLiveGateway({ url }, {}, () => {
    throw new Error("the settings are not needed");
  });

/** Waits as the command does, and collects what it prints and what it hints. */
function wait(url: string, vm: string, timeout = "20s") {
  const [printed, hints]: [string[], string[]] = [[], []];
  const never = new AbortController().signal;
  const ended = runWaitCommand(
    readWaitTask(vm, { timeout }),
    findGateway(url),
    (line) => printed.push(line),
    (line) => hints.push(line),
    never,
  );
  ended.catch(() => undefined);
  return { printed, hints, ended };
}

test.each([
  ["an escape sequence", { vmAddressReady: { address: "\u001b[2J10.0.0.1" } }],
  ["an escape sequence behind a zone", { vmAddressReady: { address: "fe80::1%\u001b[2J" } }],
  ["a second line", { vmAddressReady: { address: "10.0.0.1\nrm -r /" } }],
  ["a number", { vmAddressReady: { address: 10 } }],
  ["nothing", { vmAddressReady: null }],
  ["no answer of the graph", "null"],
  ["no JSON", "10.0.0.1"],
])("wait prints nothing where a server tells %s as an address", async (_, told) => {
  const url = await serve((_request, response) => {
    tellEvent(response, told);
  });
  const { printed, ended } = wait(url, id(1));
  await expect(ended).rejects.toThrow(GatewayRefusedError);
  expect(printed).toEqual([]);
});

test.each([
  ["null"],
  [{}],
  [{ vms: null }],
  [{ vms: { nodes: "none" } }],
  [{ vms: { nodes: [{ id: "\u001b[2J" }] } }],
])("wait by a name ends where a server tells %j as VMs", async (data) => {
  const url = await serve((_request, response) => {
    answerJson(response, 200, { data });
  });
  await expect(wait(url, "web").ended).rejects.toThrow(GatewayRefusedError);
});

test.each([[null], [{ kind: "CHANGE" }], ["text"]])(
  "follow writes nothing where a server tells %j as a change",
  async (guestNetworkChanged) => {
    const url = await serve((_request, response) => {
      tellEvent(response, { guestNetworkChanged });
    });
    const written: string[] = [];
    const output = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        written.push(chunk.toString());
        done();
      },
    });
    const signal = new AbortController().signal;
    await expect(
      runFollowCommand(readFollowTask({}), findGateway(url), output, () => undefined, signal),
    ).rejects.toThrow(GatewayRefusedError);
    expect(written).toEqual([]);
  },
);

test("follow escapes what a terminal would obey in names, and whoever parses the line reads them as they are", async () => {
  const event = { cursor: "1", after: { name: "a\u009b2J\u202eb\u2028" } };
  const url = await serve((_request, response) => {
    tellEvent(response, { guestNetworkChanged: event });
  });
  const stopping = new AbortController();
  let written = "";
  const output = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      written += chunk.toString();
      stopping.abort();
      done();
    },
  });
  await runFollowCommand(readFollowTask({}), findGateway(url), output, () => undefined, stopping.signal);
  expect(written).not.toMatch(/[^\P{C}\n]/u);
  expect(JSON.parse(written)).toEqual(event);
});

test("follow ends with one line and 1 where a server tells no change", async () => {
  const url = await serve((_request, response) => {
    tellEvent(response, { guestNetworkChanged: null });
  });
  const run = runVnicGraph(["follow", "--url", url]);
  expect([await run.ended, run.output()]).toEqual([
    1,
    "vnic-graph: the gateway's answer holds no change with a cursor\n",
  ]);
});

test("wait by a name says the usual at its timeout, also while the name is looked up", async () => {
  const url = await serve(() => undefined);
  const run = runVnicGraph(["wait", "web", "--url", url, "--timeout", "500ms"]);
  expect([await run.ended, run.output()]).toEqual([1, "vnic-graph: web has no such address yet\n"]);
});

test.each([id(1), "web"])("wait for %s waits for a gateway that starts, and says so once", async (vm) => {
  const port = await freePort();
  const { printed, hints, ended } = wait(`http://127.0.0.1:${port}`, vm);
  await eventually(() => {
    expect(hints).toEqual([expect.stringMatching(/ECONNREFUSED.*; it is tried again/)]);
  });
  let refusals = 2;
  await serve((request, response) => {
    if (refusals-- > 0) answerJson(response, 503, { errors: [{ message: "not yet" }] });
    else if (request.url === "/graphql")
      answerJson(response, 200, { data: { vms: { nodes: [{ id: id(1) }] } } });
    else tellAddress(response, "10.0.0.1");
  }, port);
  expect(await ended).toBe(true);
  expect(printed).toEqual(["10.0.0.1"]);
  expect(hints).toHaveLength(1);
});

test("wait ends at its timeout where no gateway starts", async () => {
  const { hints, ended } = wait(`http://127.0.0.1:${await freePort()}`, id(1), "500ms");
  expect(await ended).toBe(false);
  expect(hints).toEqual([
    expect.stringMatching(/ECONNREFUSED.*; it is tried again/),
    `vnic-graph: ${id(1)} has no such address yet`,
  ]);
});

test.each([400, 401, 403])("wait ends at once where a gateway refuses it with %i", async (status) => {
  const url = await serve((_request, response) => {
    answerJson(response, status, { errors: [{ message: "no" }] });
  });
  for (const vm of [id(1), "web"]) {
    const { hints, ended } = wait(url, vm);
    await expect(ended).rejects.toThrow(`answers with ${status}: no`);
    expect(hints).toEqual([]);
  }
});
