import { afterAll, beforeAll, expect, test } from "vitest";
import type { Page } from "playwright-core";
import { HOST_A, HOST_B, id, mac } from "../support/builders/ids.js";
import { reportedInterface } from "../support/builders/reported.js";
import { describeInBrowser } from "./support/in-browser.js";
import { openSite, type Site, type SiteVm } from "./support/site.js";

const COUNT = 5_000;

function formatName(number: number): string {
  return `vm-${String(number).padStart(4, "0")}`;
}

const FLEET: readonly SiteVm[] = Array.from({ length: COUNT }, (_, at) => ({
  number: at + 1,
  name: formatName(at),
  address: `10.${Math.floor(at / 250)}.${at % 250}.7`,
}));

/** A host of containers: a bridge and 299 interfaces of pairs, none of which has a vNIC. */
const DOCKER: SiteVm = {
  number: COUNT + 1,
  name: "docker",
  address: "10.200.0.1",
  more: Array.from({ length: 300 }, (_, at) =>
    reportedInterface({
      name: at === 0 ? "docker0" : `cni${at}`,
      hw: mac(0x9_0000 + at),
      inet: [`172.${16 + Math.floor(at / 250)}.${at % 250}.1`],
      inet6: [],
    }),
  ),
};

describeInBrowser("the portal over many VMs", (browser) => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite({ [HOST_A]: FLEET, [HOST_B]: [DOCKER] });
  });
  afterAll(async () => {
    await browser().page.goto("about:blank");
    await site.stop();
  });

  test("5,000 VMs are scrolled from end to end and back: each row is seen, at its place, and few are in the page", async () => {
    const { page } = browser();
    // A tall window takes fewer steps.
    await page.setViewportSize({ width: 1_280, height: 3_000 });
    await page.goto(`${site.url}/?q=vm-`);
    await page.getByText("5,000 VMs", { exact: true }).waitFor();
    const down = await scrollThrough(page, 1);
    expect(down.size).toBe(COUNT);
    expect([...down].filter(([position, name]) => name !== formatName(position - 1))).toEqual([]);
    const up = await scrollThrough(page, -1);
    expect(up).toEqual(down);
    expect(await page.locator("table.vms tbody tr").count()).toBeLessThan(100);
    await page.setViewportSize({ width: 1_280, height: 800 });
  });

  test("the keys Page Down, End and Home go through the list as well", async () => {
    const { page } = browser();
    await page.goto(`${site.url}/?q=vm-49`);
    await page.getByText("100 VMs", { exact: true }).waitFor();
    await page.getByRole("region", { name: "List of VMs" }).focus();
    await page.keyboard.press("End");
    await page.getByRole("link", { name: "vm-4999", exact: true }).waitFor();
    await page.keyboard.press("Home");
    await page.getByRole("link", { name: "vm-4900", exact: true }).waitFor();
  });

  test("the topology is read on by keyboard, and the focus is then on how much there is", async () => {
    const { page } = browser();
    await page.goto(`${site.url}/?view=topology`);
    await page.getByText("5,000 VMs on 1 network", { exact: true }).waitFor();
    await page.getByRole("button", { name: "There are more VMs: read on" }).focus();
    await page.keyboard.press("Enter");
    await page.getByText("5,001 VMs on 1 network", { exact: true }).waitFor();
    await page.waitForFunction(() => document.activeElement?.textContent === "5,001 VMs on 1 network");
  });

  test("who comes back from a VM far down finds the list there, read as far as it was, with the focus on that VM", async () => {
    const { page } = browser();
    await page.goto(`${site.url}/?q=vm-`);
    await page.getByText("5,000 VMs", { exact: true }).waitFor();
    const list = page.locator(".table-scroller");
    const link = page.getByRole("link", { name: formatName(600), exact: true });
    while ((await link.count()) === 0)
      await list.evaluate((each) => {
        each.scrollBy(0, 600);
      });
    await link.click();
    await page.getByRole("heading", { name: formatName(600) }).waitFor();
    await page.goBack();
    await page.waitForFunction((name) => document.activeElement?.textContent === name, formatName(600));
    expect(await list.evaluate((each) => each.scrollTop)).toBeGreaterThan(500 * 44);
    expect(await page.getByRole("button", { name: /read it again/ }).count()).toBe(0);
    await page.getByLabel("Find VMs").fill(formatName(7));
    await page.getByText("1 VM", { exact: true }).waitFor();
    expect(await list.evaluate((each) => each.scrollTop)).toBe(0);
  });

  test("who loads the page again far down, or a VM's and goes back, finds the list there; who opens it anew is at its top", async () => {
    const { page } = browser();
    const list = page.locator(".table-scroller");
    const readTop = () => list.evaluate((each) => each.scrollTop);
    const row = page.getByRole("link", { name: formatName(COUNT - 1 - 1_200), exact: true });
    await page.goto(`${site.url}/?q=vm-&sort=NAME_DESC`);
    await page.getByText("5,000 VMs", { exact: true }).waitFor();
    while ((await row.count()) === 0) {
      await list.evaluate((each) => {
        each.scrollBy(0, 1_000);
      });
    }
    // A row below the head that stays is covered: a click on it would scroll the list, and its place would be another.
    await row.evaluate((each) => {
      each.scrollIntoView({ block: "center" });
    });
    const place = await readTop();
    await page.reload();
    await row.waitFor();
    expect(await readTop()).toBe(place);
    expect(new URL(page.url()).search).toBe("?q=vm-&sort=NAME_DESC");
    await row.click();
    await page.getByRole("heading", { name: formatName(COUNT - 1 - 1_200) }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: formatName(COUNT - 1 - 1_200) }).waitFor();
    await page.goBack();
    await row.waitFor();
    expect(await readTop()).toBe(place);
    await page.goto(`${site.url}/?q=vm-&sort=NAME_DESC`);
    await page.getByRole("link", { name: formatName(COUNT - 1), exact: true }).waitFor();
    expect(await readTop()).toBe(0);
  });

  test("a list that has become short meanwhile is shown to its end when it is loaded again", async () => {
    const { page } = browser();
    const list = page.locator(".table-scroller");
    await page.goto(`${site.url}/?q=vm-49`);
    await page.getByText("100 VMs", { exact: true }).waitFor();
    await list.evaluate((each) => {
      each.scrollTo(0, 3_000);
    });
    await page.getByRole("link", { name: formatName(4_970), exact: true }).waitFor();
    const renamed = FLEET.map((vm) => ({ ...vm, name: vm.name.replace(/^vm-49(?!0)/, "gone-") }));
    await site.report({ [HOST_A]: renamed });
    await page.reload();
    await page.getByText("10 VMs", { exact: true }).waitFor();
    await page.getByRole("link", { name: formatName(4_900), exact: true }).waitFor();
    expect(await list.evaluate((each) => each.scrollTop)).toBe(0);
    await site.report({ [HOST_A]: FLEET });
  });

  test("a host of containers shows its vNIC first, and its 300 other interfaces folded by kind", async () => {
    const { page } = browser();
    await page.goto(`${site.url}/?view=vm&id=${id(DOCKER.number)}`);
    const own = page.locator("table.nics").first();
    await own.getByText("10.200.0.1", { exact: true }).waitFor();
    const fold = page.getByText("Made by the guest: container (300)");
    await fold.waitFor();
    const inner = page.getByText("172.17.49.1", { exact: true });
    expect(await inner.isVisible()).toBe(false);
    await fold.focus();
    await page.keyboard.press("Enter");
    await inner.waitFor();
  });
});

/**
 * Scrolls the list to its end (1) or back to its beginning (-1), a screen at a time. Each step is taken when the rows
 * of the last one are there. Returns the names by their rows' numbers; a row that is two VMs at once fails.
 */
async function scrollThrough(page: Page, direction: 1 | -1): Promise<Map<number, string>> {
  const seen = await page.evaluate(async (way) => {
    const scroller = document.querySelector(".table-scroller")!;
    const names: Record<number, string> = {};
    const nextFrame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const rowsOnScreen = () => {
      const { top, bottom } = scroller.getBoundingClientRect();
      return [...scroller.querySelectorAll("tbody tr")].filter((row) => {
        const box = row.getBoundingClientRect();
        return box.bottom > top && box.top < bottom;
      });
    };
    const isWhole = () => scroller.querySelector("table")!.getAttribute("aria-busy") === "false";
    for (;;) {
      const shown = rowsOnScreen();
      if (shown.length * 44 < scroller.clientHeight - 88) {
        await nextFrame();
        continue;
      }
      for (const row of shown) {
        // The head of the table is its first row.
        const at = Number(row.getAttribute("aria-rowindex")) - 1;
        const name = row.querySelector("a")!.textContent;
        if ((names[at] ?? name) !== name) throw new Error(`row ${at} is ${names[at]!} and ${name}`);
        names[at] = name;
      }
      const before = scroller.scrollTop;
      scroller.scrollTop += way * (scroller.clientHeight - 132);
      await nextFrame();
      await nextFrame();
      if (scroller.scrollTop !== before) continue;
      const total = Number(scroller.querySelector("table")!.getAttribute("aria-rowcount")) - 1;
      if (way === -1 || (isWhole() && Object.keys(names).length >= total)) return names;
    }
  }, direction);
  return new Map(Object.entries(seen).map(([at, name]) => [Number(at), name]));
}
