import { describe, expect, test } from "vitest";
import type { HostAdmin } from "../../src/graph/context.js";
import { createGraphError } from "../../src/graph/errors.js";
import { askForData, askForErrors } from "./support/ask.js";
import { uuid } from "../support/builders/ids.js";
import { createMemoryReadStore, type MemoryReadStore } from "../support/builders/memory-read-store.js";
import { hostRow } from "../support/builders/rows.js";

describe("an operator", () => {
  test("refreshes a host and sees it as it is afterwards", async () => {
    const store = createMemoryReadStore();
    store.hostRows.push(hostRow(1, { status: 4 }));
    const query = `mutation { before: refreshHost(id: "${uuid(3, 1)}") { status } }`;
    expect(await askForData(store, query, { hostAdmin: admin(store) })).toEqual({ before: { status: "UP" } });
  });

  test("adds a host, and removes it", async () => {
    const store = createMemoryReadStore();
    const hostAdmin = admin(store);
    expect(await askForData(store, 'mutation { addHost(address: "h:1") { name } }', { hostAdmin })).toEqual({
      addHost: { name: "host-7" },
    });
    const remove = `mutation { removeHost(id: "${uuid(3, 7)}") { name } again: removeHost(id: "${uuid(3, 7)}") { name } }`;
    expect(await askForData(store, remove, { hostAdmin })).toEqual({
      removeHost: { name: "host-7" },
      again: null,
    });
  });

  test("gets null for a host that is not known", async () => {
    const store = createMemoryReadStore();
    const query = `mutation { refreshHost(id: "${uuid(3, 1)}") { name } removeHost(id: "${uuid(3, 1)}") { name } }`;
    expect(await askForData(store, query, { hostAdmin: admin(store) })).toEqual({
      refreshHost: null,
      removeHost: null,
    });
  });

  test.each([
    ['mutation { refreshHost(id: "h") { name } }', 'BAD_USER_INPUT: id: "h" is not a UUID'],
    ['mutation { removeHost(id: "h") { name } }', 'BAD_USER_INPUT: id: "h" is not a UUID'],
    [
      'mutation { addHost(address: "h\\u0000") { name } }',
      "BAD_USER_INPUT: address: must not contain a NUL character",
    ],
    ['mutation { addHost(address: "h:x") { name } }', "BAD_USER_INPUT: address: no port"],
  ])("%s is told what is wrong", async (query, error) => {
    expect(
      await askForErrors(createMemoryReadStore(), query, { hostAdmin: admin(createMemoryReadStore()) }),
    ).toEqual([error]);
  });

  test.each([`refreshHost(id: "${uuid(3, 1)}")`, `removeHost(id: "${uuid(3, 1)}")`, 'addHost(address: "h")'])(
    "is told if hosts cannot be managed here: %s",
    async (field) => {
      const errors = await askForErrors(createMemoryReadStore(), `mutation { ${field} { name } }`);
      expect(errors).toEqual([
        "NOT_AVAILABLE: hosts cannot be managed here: this gateway polls no hosts of its own",
      ]);
    },
  );
});

function admin(store: MemoryReadStore): HostAdmin {
  return {
    refreshHost: (id) => {
      const index = store.hostRows.findIndex((host) => host.id === id);
      store.hostRows[index] = { ...store.hostRows[index]!, status: 3 };
      return Promise.resolve();
    },
    addHost: (address) => {
      if (address.endsWith(":x"))
        return Promise.reject(createGraphError("BAD_USER_INPUT", "address: no port"));
      store.hostRows.push(hostRow(7));
      return Promise.resolve(uuid(3, 7));
    },
    removeHost: (id) => {
      store.hostRows.splice(
        store.hostRows.findIndex((host) => host.id === id),
        1,
      );
      return Promise.resolve();
    },
  };
}
