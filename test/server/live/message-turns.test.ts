import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import WebSocket from "ws";
import { createMessageTurns } from "../../../src/server/live/message-turns.js";
import { eventually } from "../../support/eventually.js";
import { startLiveServer } from "./live-server.js";

/** Turns by a clock that each message moves on; `log` says what happened, in order. */
function startTurns(messageMs: number) {
  let nowMs = 0;
  const log: string[] = [];
  const turns = createMessageTurns(() => nowMs);
  const open = (name: string) =>
    turns.open({
      handle: (message) => {
        log.push(name + message.toString());
        // As a subscription is prepared: behind a promise that is settled.
        void Promise.resolve().then(() => (nowMs += messageMs));
      },
      pause: () => log.push(`pause ${name}`),
      resume: () => log.push(`resume ${name}`),
      onFlood: () => log.push(`flood ${name}`),
    });
  return { log, open };
}

test("a connection that sends many messages at once has one handled, then others have their turn", async () => {
  const { log, open } = startTurns(0);
  const [many, few] = [open("m"), open("f")];
  for (const number of [1, 2, 3]) many.take(Buffer.from(String(number)));
  few.take(Buffer.from("1"));
  await eventually(() => {
    expect(log).toEqual(["pause m", "pause f", "m1", "f1", "resume f", "m2", "m3", "resume m"]);
  });
});

test("everything else is served between messages that take long, such as those that begin subscriptions", async () => {
  const { log, open } = startTurns(20);
  const connection = open("m");
  for (const number of [1, 2, 3]) connection.take(Buffer.from(String(number)));
  for (const number of [1, 2, 3]) {
    await new Promise(setImmediate);
    log.push(`else ${number}`);
  }
  expect(log).toEqual(["pause m", "m1", "else 1", "m2", "else 2", "m3", "resume m", "else 3"]);
});

test("what waits of a connection that has gone is forgotten, and more than a thousand messages are a flood", async () => {
  const { log, open } = startTurns(0);
  const [gone, flood] = [open("g"), open("f")];
  gone.take(Buffer.from("1"));
  gone.close();
  for (let number = 0; number < 5_000; number += 1) flood.take(Buffer.from("1"));
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  expect(log).toEqual(["pause g", "pause f", "flood f"]);
});

test("a WebSocket that sends thousands of messages in one packet is closed with 4429", async () => {
  // It greets nobody; its messages take long on a busy machine.
  const { server } = await startLiveServer({ limits: { initMs: 300_000 } });
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
  onTestFinished(() => {
    socket.terminate();
  });
  await once(socket, "open");
  const closed = once(socket, "close");
  // In one packet each, as many as fit.
  const raw = (socket as unknown as { _socket: { cork(): void; uncork(): void } })._socket;
  raw.cork();
  for (let number = 0; number < 50_000; number += 1) socket.send("{}");
  raw.uncork();
  expect((await closed)[0]).toBe(4_429);
});
