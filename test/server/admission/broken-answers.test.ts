import { once } from "node:events";
import { connect } from "node:net";
import { Readable } from "node:stream";
import { GraphQLError } from "graphql";
import { expect, test } from "vitest";
import { READING_RULE } from "../../../src/server/admission/rules.js";
import { served, until } from "../running.js";

/** Starts a server with a list that breaks off after its first piece, when the test says so. */
async function servedWithList(error: Error) {
  let breakOff: () => void = () => undefined;
  const broken = new Promise<void>((resolve) => (breakOff = resolve));
  let hasLeft = false;
  const server = await served({
    routes: (scope) => {
      scope.get("/list", { config: { rule: READING_RULE } }, (_request, reply) => {
        reply.raw.once("close", () => (hasLeft = true));
        const pieces = (async function* () {
          yield "vm-1\n".repeat(1_000);
          await broken;
          throw error;
        })();
        return reply.type("text/csv").send(Readable.from(pieces, { objectMode: false }));
      });
    },
  });
  return { server, breakOff, hasLeft: () => hasLeft };
}

const TOO_SLOW = new GraphQLError("The database took too long.", {
  extensions: { code: "DEADLINE_EXCEEDED", http: { status: 504 } },
});

test.each(["identity", "gzip"])(
  "a list that breaks off says why in one line, sent as %s",
  async (encoding) => {
    const { server, breakOff } = await servedWithList(TOO_SLOW);
    const answer = await fetch(`${server.url}/list`, { headers: { "accept-encoding": encoding } });
    const text = answer.text();
    breakOff();
    await expect(text).rejects.toThrow();
    const lines = server.lines.filter(({ msg }) => msg === "answer broke off");
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      requestId: answer.headers.get("x-request-id"),
      code: "DEADLINE_EXCEEDED",
      reason: "The database took too long.",
    });
  },
);

test("a list that breaks off for a reason that nobody foresaw has its stack in the log", async () => {
  const { server, breakOff } = await servedWithList(new Error("a mistake of ours"));
  const answer = await fetch(`${server.url}/list`);
  const text = answer.text();
  breakOff();
  await expect(text).rejects.toThrow();
  expect(server.lines.filter(({ msg }) => msg === "internal error")).toMatchObject([
    { requestId: answer.headers.get("x-request-id"), err: { message: "a mistake of ours" } },
  ]);
});

test("a list whose client leaves breaks off without a line", async () => {
  const { server, breakOff, hasLeft } = await servedWithList(TOO_SLOW);
  const socket = connect(server.port, "127.0.0.1");
  socket.write("GET /list HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await once(socket, "data");
  socket.destroy();
  await until(hasLeft);
  breakOff();
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  expect(server.lines.filter(({ msg }) => msg === "answer broke off")).toEqual([]);
});
