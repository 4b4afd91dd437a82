import { getOperationAST, parse } from "graphql";
import { expect, test } from "vitest";
import { createFieldEstimator } from "../../../src/graph/estimates/estimate-field.js";
import { buildGraphSchema } from "../../../src/graph/schema.js";
import { estimateEventCost } from "../../../src/server/live/event-cost.js";

const schema = buildGraphSchema({ federation: "whole" });
const longest = (length: number) => [{ length, lists: 1 }];
const estimateField = createFieldEstimator(() => ({
  ...{ hosts: 1, vms: 100, vmsPerHost: longest(100), nicsPerVm: longest(10_000), nicsPerMac: longest(1) },
  ...{ interfacesPerVm: longest(10_000), ipv4PerVm: longest(10_000), ipv6PerVm: [] },
  ipsPerVm: longest(10_000),
}));

const device = { ipv4Addresses: ["10.0.0.1", "10.0.0.2"], ipv6Addresses: [] };
const createVm = (interfaces: number) => ({
  interfaces: Array.from({ length: interfaces }, () => device),
  nics: [{}],
  ips: "10.0.0.1 10.0.0.2",
});

/** Estimates the answer to an event that asks for these fields of its VM. */
function estimate(event: object, fields: string): number {
  const query = `subscription { guestNetworkChanged { vm { ${fields} } } }`;
  const document = parse(query);
  const operation = getOperationAST(document)!;
  const question = { query, document, operation, operationName: null, values: {} };
  return estimateEventCost(event, question, { schema, estimateField });
}

const DEVICES = "guestInfo { ips networkDevices { name ipv4Addresses } } nics { name }";

test("an event costs what the lists of its own VM give, before it or after it", () => {
  expect(estimate({ before: null, after: createVm(2) }, DEVICES)).toBeLessThan(200);
  expect(estimate({ before: createVm(5_000), after: createVm(2) }, DEVICES)).toBeGreaterThan(5_000);
});

test.each([
  ["other VMs of its host", `host { vms { ${DEVICES} } }`],
  ["its VM's past", `guestInfo(at: "2026-01-01T00:00:00Z") { networkDevices { name } }`],
  ["what is not of a VM", null],
])("of %s it costs what any VM can have", (_title, fields) => {
  const event =
    fields === null ? { before: null, after: { hostId: "a" } } : { before: null, after: createVm(2) };
  expect(estimate(event, fields ?? DEVICES)).toBeGreaterThan(10_000);
});
