import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ExportWork } from "../../src/exports/export-records.js";
import { readPublishedNames } from "../../src/exports/published-names.js";
import { createLoaders } from "../../src/loaders/loaders.js";
import { uuid } from "../support/builders/ids.js";
import { createMemoryReadStore } from "../support/builders/memory-read-store.js";
import { vmRow } from "../support/builders/rows.js";

interface Named {
  readonly name: string;
  readonly fqdn?: string | null;
}

/** Finds under which names VMs are published, the claimed one first. */
async function publish(vms: readonly Named[], asked = vms) {
  const rows = (all: readonly Named[]) =>
    all.map(({ name, fqdn = null }, at) => ({ ...vmRow(at + 1), id: uuid(1, at + 1), name, fqdn }));
  const store = createMemoryReadStore();
  store.vms.push(...rows(vms));
  const work: ExportWork = (job) => job(createLoaders(store));
  const index = await readPublishedNames(work);
  return rows(asked).map((vm) => {
    const { own, claimed } = index.find(vm);
    return claimed === null ? [own] : [claimed, own];
  });
}

const suffix = (at: number) => `-00000001-00000000000${at.toString(16)}`;

describe("the names under which VMs are published", () => {
  test.each<[what: string, vms: Named[], names: string[][]]>([
    ["its own and its guest's", [{ name: "web", fqdn: "Web.Example.org." }], [["web.example.org", "web"]]],
    [
      "names that give one label",
      [{ name: "web_1" }, { name: "web.1" }],
      [[`web-1${suffix(1)}`], [`web-1${suffix(2)}`]],
    ],
    ["one name in two cases", [{ name: "DB" }, { name: "db" }], [[`db${suffix(1)}`], [`db${suffix(2)}`]]],
    ["a name of the DNS", [{ name: "Mail.example.org" }], [["mail.example.org"]]],
    ["a name that is a number", [{ name: "123" }, { name: "0x7f" }], [["vm-123"], ["vm-0x7f"]]],
    [
      "a long name whose end is a number",
      [{ name: `a${"1".repeat(63)}` }, { name: `b0x${"7".repeat(61)}` }],
      [[`vm-${"1".repeat(60)}`], [`vm-${"7".repeat(60)}`]],
    ],
    ["a name that is an address", [{ name: "10.0.0.1" }], [["10-0-0-1"]]],
    [
      "a machine's own name",
      [{ name: "localhost", fqdn: "localhost.localdomain" }],
      [[`localhost${suffix(1)}`]],
    ],
    [
      "a name like those made here",
      [{ name: `web${suffix(2)}` }, { name: "web" }],
      [[`web${suffix(2)}${suffix(1)}`], ["web"]],
    ],
    ["nothing that the DNS holds", [{ name: "虚拟机" }], [["vm"]]],
    [
      "a guest that claims another VM's label",
      [{ name: "web" }, { name: "x", fqdn: "web.example.org" }],
      [["web"], ["x"]],
    ],
    [
      "a guest that claims the name that management gave another VM",
      [{ name: "mail.example.org" }, { name: "mail", fqdn: "mail.example.org" }],
      [["mail.example.org"], ["mail"]],
    ],
    [
      "two guests that claim one name",
      [
        { name: "app", fqdn: "app.example.org" },
        { name: "app2", fqdn: "app.example.org" },
      ],
      [["app.example.org", "app"], ["app2"]],
    ],
    [
      "labels that are none",
      [
        { name: "a", fqdn: "a.b_c.org" },
        { name: "b", fqdn: "b.10" },
        { name: "c", fqdn: "c.-d.org" },
      ],
      [["a"], ["b"], ["c"]],
    ],
  ])("%s", async (_, vms, names) => {
    expect(await publish(vms)).toEqual(names);
  });

  test("a VM that came after the names were read takes no other one's name", async () => {
    const [first, late] = await publish([{ name: "web" }], [{ name: "web" }, { name: "web" }]);
    expect([first, late]).toEqual([["web"], [`web${suffix(2)}`]]);
  });

  test("are never those of two VMs, and always valid, whatever VMs and guests are called", async () => {
    const label = fc.constantFrom(
      "web",
      "Web",
      "web_1",
      "web.1",
      "web-1",
      "1",
      "a.b",
      "x.example.org",
      "ü",
      "",
      "a".repeat(80),
      `a${"1".repeat(63)}`,
    );
    const name = fc.oneof(
      label,
      fc.string({ maxLength: 20 }),
      label.map((each) => `${each}.example.org`),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ name, fqdn: fc.option(name) }), { maxLength: 12 }),
        async (vms) => {
          const names = (await publish(vms)).flat();
          expect(new Set(names).size).toBe(names.length);
          for (const each of names) {
            expect(each).toMatch(
              /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/,
            );
            expect(each).not.toMatch(/(?:^|\.)\d+$/);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
