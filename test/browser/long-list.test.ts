import { afterAll, beforeAll, expect, test } from "vitest";
import { HOST_A } from "../support/builders/ids.js";
import { describeInBrowser } from "./support/in-browser.js";
import { openSite, type Site, type SiteVm } from "./support/site.js";
import { setMedia } from "./support/set-media.js";

function formatName(number: number): string {
  return `vm-${String(number).padStart(4, "0")}`;
}

const FLEET: readonly SiteVm[] = Array.from({ length: 600 }, (_, at) => ({
  number: at + 1,
  name: formatName(at),
  address: `10.${Math.floor(at / 250)}.${at % 250}.7`,
}));

describeInBrowser("a list of VMs of which few rows are in the page", (browser) => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite({ [HOST_A]: FLEET });
  });
  afterAll(async () => {
    await browser().page.goto("about:blank");
    await site.stop();
  });

  test("a row that has the focus keeps it, however far the list is scrolled: keys go on from there", async () => {
    const { page } = browser();
    const readFocus = () => page.evaluate(() => document.activeElement?.textContent ?? "");
    await page.goto(`${site.url}/?q=vm-`);
    await page.getByText("600 VMs", { exact: true }).waitFor();
    await page.getByRole("link", { name: formatName(3), exact: true }).focus();
    const list = page.locator(".table-scroller");
    for (const [key, next] of [
      ["j", formatName(4)],
      ["k", formatName(3)],
      ["Tab", "10.0.3.7"],
      ["Shift+Tab", formatName(3)],
    ] as const) {
      await list.evaluate((each) => {
        each.scrollTop = 4_000;
      });
      await page.getByRole("link", { name: formatName(95), exact: true }).waitFor();
      await page.getByRole("link", { name: formatName(20), exact: true }).waitFor({ state: "detached" });
      expect(await page.locator("table.vms tbody tr").count()).toBeLessThan(60);
      await page.keyboard.press(key);
      expect([key, await readFocus()]).toEqual([key, next]);
      expect(await list.evaluate((each) => each.scrollTop)).toBeLessThan(400);
    }
  });

  test("who has the focus on a VM that leaves the list is in the list", async () => {
    const { page } = browser();
    await page.goto(`${site.url}/?q=vm-0598`);
    await page.getByText("1 VM", { exact: true }).waitFor();
    await page.getByRole("status").getByText("live", { exact: true }).waitFor();
    await page.getByRole("link", { name: "vm-0598", exact: true }).focus();
    await site.report({ [HOST_A]: FLEET.map((vm) => ({ ...vm, name: vm.name.replace("vm-0598", "gone") })) });
    await page.getByText("No VM is found.").waitFor();
    await page.waitForFunction(() => document.activeElement?.getAttribute("aria-label") === "List of VMs");
    await site.report({ [HOST_A]: FLEET });
  });

  test("on paper each VM that was read stands below the one before, without holes, and how many these are", async () => {
    const { page } = browser();
    await page.goto(`${site.url}/?q=vm-`);
    await page.getByText("600 VMs", { exact: true }).waitFor();
    await page.getByRole("link", { name: formatName(10), exact: true }).waitFor();
    await setMedia(page, { media: "print" });
    await page.getByText(/^Here are the first \d+\. The export has all\.$/).waitFor();
    const rows = await page.locator("table.vms tbody tr").evaluateAll((all) =>
      all.map((row) => {
        const { top, bottom } = row.getBoundingClientRect();
        return { top, bottom, name: row.querySelector("a")?.textContent };
      }),
    );
    expect(rows.length).toBeGreaterThanOrEqual(100);
    expect(rows.map(({ name }) => name)).toEqual(rows.map((_, at) => formatName(at)));
    expect(rows.slice(1).map(({ top }) => top)).toEqual(rows.slice(0, -1).map(({ bottom }) => bottom));
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    expect(height - rows.at(-1)!.bottom).toBeLessThan(100);
    await setMedia(page, { media: null });
    await page.getByRole("link", { name: formatName(99), exact: true }).waitFor({ state: "detached" });
  });
});
