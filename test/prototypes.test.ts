import { afterEach, expect, test } from "vitest";
import { parseHostReport } from "../src/vdsm/scan/scan.js";
import { served } from "./server/running.js";

const PLAIN = [Object.prototype, Array.prototype, Function.prototype].map((prototype) => ({
  prototype,
  names: Object.getOwnPropertyNames(prototype).sort(),
}));

afterEach(() => {
  for (const { prototype, names } of PLAIN) {
    expect(Object.getOwnPropertyNames(prototype).sort()).toEqual(names);
  }
  expect(Reflect.get({}, "polluted")).toBeUndefined();
});

const EVIL =
  '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"id":"1","__typename":"Vm"}';

test("no name in a request reaches a prototype", async () => {
  const server = await served();
  const ask = async (body: string) => {
    const headers = { "content-type": "application/json" };
    return fetch(`${server.url}/graphql`, { method: "POST", headers, body });
  };
  const entities =
    "query ($r: [_Any!]!) { __proto__: _entities(representations: $r) { ... on Vm { constructor: id } } }";
  const answer = await ask(`{"query":${JSON.stringify(entities)},"variables":{"r":[${EVIL}]}}`);
  expect(await answer.text()).toBe('{"data":{"__proto__":[{"constructor":"1"}]}}\n');
  for (const query of [
    "{ __proto__: vm(id: 1) { prototype: name __proto__: id } }",
    "{ toString: __typename }",
  ]) {
    expect((await ask(JSON.stringify({ query }))).status).toBe(200);
  }
  await ask(`{"query":"{ __typename }","variables":${EVIL},"extensions":${EVIL},"__proto__":{"polluted":1}}`);
});

test("no name in a host's report reaches a prototype", () => {
  const vm = `{"vmId":"0a4f1c2e-0000-4000-8000-000000000001","status":"Up","__proto__":{"polluted":1,"guestIPs":"10.0.0.1"},
    "netIfaces":[{"name":"__proto__","hw":"constructor","inet":["prototype"],"inet6":[],"__proto__":{"polluted":1}}]}`;
  const { vms } = parseHostReport(Buffer.from(`{"jsonrpc":"2.0","id":"1","result":[${vm}]}`));
  // What is no MAC cannot be read. What is no address is left out, and a list of nothing else cannot be read.
  expect(vms).toMatchObject([
    { guestIPs: null, netIfaces: [{ name: "__proto__", hw: undefined, inet: null, inet6: [] }] },
  ]);
});
