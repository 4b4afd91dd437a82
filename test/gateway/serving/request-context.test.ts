import { expect, test } from "vitest";
import type { Backend } from "../../../src/gateway/backend.js";
import { createRequestContext } from "../../../src/gateway/serving/request-context.js";
import { createReader } from "../../../src/store/read/reader.js";
import { createTreeReads } from "../../../src/store/read/vms/vm-trees.js";
import type { ReadSnapshot } from "../../../src/store/types.js";

const VIEWER = { name: "somebody", roles: new Set(["reader"] as const), scope: null };

test("the context of a subscription opens no snapshot, however long it lasts", () => {
  const { opened, end } = open();
  expect(opened).toEqual([]);
  end();
  expect(opened).toEqual([]);
});

test("all that a request reads is of one snapshot, which is closed when its work ends", () => {
  const { context, opened, end } = open();
  expect(context.loaders).toBe(context.loaders);
  expect(opened).toEqual([{ isClosed: false }]);
  end();
  expect(opened).toEqual([{ isClosed: true }]);
});

test("who reads only when the work has ended, or the client has gone, finds a closed snapshot", () => {
  const late = open();
  late.end();
  const left = open();
  left.leave();
  expect([late, left].map(({ context, opened }) => (context.loaders.forget(), opened))).toEqual([
    [{ isClosed: true }],
    [{ isClosed: true }],
  ]);
});

function open() {
  const opened: { isClosed: boolean }[] = [];
  const leaving = new AbortController();
  const listeners: (() => void)[] = [];
  const openSnapshot = (): ReadSnapshot => {
    const state = { isClosed: false };
    opened.push(state);
    const close = () => Promise.resolve(void (state.isClosed = true));
    return {
      reads: createReader({ query: () => Promise.resolve([]) }, null),
      createTreeReads: () => createTreeReads({ query: () => Promise.resolve([]) }, null),
      renew: () => undefined,
      close,
    };
  };
  const backend = { store: { openSnapshot }, polling: null, live: null } as unknown as Backend;
  const context = createRequestContext(backend, VIEWER, {
    id: "1",
    signal: leaving.signal,
    check: () => undefined,
    onEnd: (listener) => listeners.push(listener),
  });
  return {
    context,
    opened,
    leave: () => {
      leaving.abort();
    },
    end: () => {
      for (const listener of listeners) listener();
    },
  };
}
