import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HOST_A, HOST_B, id, mac } from "../support/builders/ids.js";
import { reportedInterface } from "../support/builders/reported.js";
import { readAccessibleNodes } from "./support/accessible-names.js";
import { describeInBrowser } from "./support/in-browser.js";
import { openSite, type Site, type SiteVm } from "./support/site.js";

const BRIDGE = reportedInterface({ name: "docker0", hw: mac(0x9_0001), inet: ["172.17.0.1"], inet6: [] });
const WEB: SiteVm = { number: 1, name: "web", address: "10.0.0.1", more: [BRIDGE] };
const DB: SiteVm = { number: 2, name: "db", address: "10.0.0.1" };

/** Each view, and a text that is there once it is read. */
const VIEWS: readonly (readonly [path: string, text: string])[] = [
  ["/", "2 VMs"],
  [`/?view=vm&id=${id(1)}`, "vNIC nic1 on network ovirtmgmt"],
  [`/?view=vm&id=${id(1)}&at=2001-01-01T00:00:00.000Z`, "Nothing is known of that time."],
  ["/?view=address&of=10.0.0.1", "Now: "],
  ["/?view=topology", "2 VMs on 1 network"],
  ["/?view=topology&network=ovirtmgmt", "Who can meet on ovirtmgmt"],
  ["/?view=drift", "docker0"],
  ["/?view=conflicts", "given twice"],
  ["/?view=hosts", "Refresh now"],
];

describeInBrowser("the portal by keyboard and to screen readers", (browser) => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite({ [HOST_A]: [WEB], [HOST_B]: [DB] });
  });
  afterAll(async () => {
    await browser().page.goto("about:blank");
    await site.stop();
  });

  async function open(path: string, text: string): Promise<Page> {
    const { page } = browser();
    await page.goto(site.url + path);
    await page.getByText(text).first().waitFor();
    return page;
  }

  test.each(VIEWS)(
    "%s: Tab leads to everything that can be used, in the order of the page, and out again",
    async (path, text) => {
      const page = await open(path, text);
      // Everything that takes the focus by Tab, as it stands in the document.
      const all = await page.evaluate(() => {
        const usable = [
          ...document.querySelectorAll<HTMLElement>(
            "a[href], button, input, select, summary, [tabindex='0']",
          ),
        ];
        const shown = usable.filter(
          (each) => each.checkVisibility({ visibilityProperty: true }) && each.tabIndex >= 0,
        );
        for (const [at, each] of shown.entries()) each.setAttribute("data-walk", String(at));
        return shown.length;
      });
      const walked: string[] = [];
      await page.evaluate(() => {
        document.body.tabIndex = -1;
        document.body.focus();
      });
      for (let step = 0; step < all + 12; step += 1) {
        await page.keyboard.press("Tab");
        const at = await page.evaluate(() => {
          const element = document.activeElement;
          // A field for times has parts of its own, each of which Tab leads to.
          return element === null || element === document.body ? null : element.getAttribute("data-walk");
        });
        if (at === null || (walked.length > 1 && at === walked[0])) break;
        if (walked.at(-1) !== at) walked.push(at);
      }
      expect(walked).toEqual(Array.from({ length: walked.length }, (_, at) => String(at)));
      expect(walked.length).toBe(all);
    },
  );

  test("the list of keys names each key that the pages handle, and no other", async () => {
    const page = await open("/", "2 VMs");
    await page.keyboard.press("?");
    const dialog = page.getByRole("dialog", { name: "Keys" });
    await dialog.waitFor();
    const named = await dialog.locator("kbd").allInnerTexts();
    await page.keyboard.press("Escape");
    const candidates = [
      ...Array.from({ length: 94 }, (_, at) => String.fromCharCode(33 + at)),
      ...["ArrowDown", "ArrowUp", "Home", "End", "PageDown", "PageUp", "Delete", "Backspace", "F2"],
    ];
    const handled = new Set<string>();
    for (const [path, text] of VIEWS) {
      await open(path, text);
      for (const key of await page.evaluate(findHandled, candidates)) handled.add(key);
    }
    const ofBrowsers = ["Tab", "Enter", "Esc"];
    expect([...handled].sort()).toEqual(named.filter((key) => !ofBrowsers.includes(key)).sort());
  });

  describe("screen readers", () => {
    test.each(VIEWS)("%s: have a role and a name for all that can be used", async (path, text) => {
      const page = await open(path, text);
      const nodes = await readAccessibleNodes(page);
      const usable = nodes.filter(({ isFocusable, role }) => isFocusable && role !== "RootWebArea");
      expect(usable.length).toBeGreaterThan(8);
      const nameless = usable.filter(
        ({ role, name }) => name === "" || ["", "generic", "none"].includes(role),
      );
      expect(nameless).toEqual([]);
    });

    test.each(VIEWS)("%s: hear changes without being interrupted", async (path, text) => {
      const page = await open(path, text);
      const nodes = await readAccessibleNodes(page);
      const regions = nodes.filter(({ role }) => ["status", "log"].includes(role));
      expect(regions.length).toBeGreaterThan(1);
      expect(new Set(regions.map(({ live }) => live))).toEqual(new Set(["polite"]));
      expect(nodes.filter(({ live }) => live === "assertive")).toEqual([]);
    });

    test.each(VIEWS)("%s: have a head for each column, and none without a name", async (path, text) => {
      const page = await open(path, text);
      const tables = await page.locator("table").evaluateAll((all) =>
        all.map((table) => {
          const rows = [...table.querySelectorAll("tr")];
          const heads = rows.filter(
            (row) => row.querySelector("td") === null && row.closest("thead") !== null,
          );
          const widths = rows.filter((row) => row.closest("tbody") !== null).map(countCells);
          return {
            names: heads.flatMap((row) =>
              [...row.cells].map((cell) => [cell.scope !== "", cell.textContent.trim() !== ""]),
            ),
            heads: heads.at(-1)?.cells.length ?? 0,
            widest: Math.max(0, ...widths),
          };
          function countCells(row: HTMLTableRowElement): number {
            return [...row.cells].reduce((sum, cell) => sum + cell.colSpan, 0);
          }
        }),
      );
      for (const { names, heads, widest } of tables) {
        expect(names.flat()).toEqual(names.flat().map(() => true));
        expect(heads).toBe(widest);
      }
      if (path.includes("topology") || path.includes("at=2001")) return;
      expect(tables.length).toBeGreaterThan(0);
    });

    test("a change of a VM that is shown is in a log that they read out", async () => {
      const page = await open(`/?view=vm&id=${id(1)}`, "vNIC nic1 on network ovirtmgmt");
      await page.getByRole("status").getByText("live", { exact: true }).waitFor();
      await site.report({ [HOST_A]: [{ ...WEB, address: "10.0.0.44" }] });
      await page.getByRole("log", { name: "What has just changed" }).getByText("10.0.0.44").waitFor();
      await site.report({ [HOST_A]: [WEB] });
    });
  });
});

/** Finds the keys for which the page keeps the browser from doing what it would do. It is stopped then, before it does anything. */
function findHandled(candidates: readonly string[]): string[] {
  return candidates.filter((key) => {
    const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
    const calls: string[] = [];
    event.preventDefault = () => {
      calls.push(key);
      throw new Error("stopped by the test");
    };
    document.body.dispatchEvent(event);
    return calls.length > 0;
  });
}
