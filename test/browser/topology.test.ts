import { afterAll, beforeAll, expect, test } from "vitest";
import { HOST_A, HOST_B, id } from "../support/builders/ids.js";
import { describeInBrowser } from "./support/in-browser.js";
import { openSite, type Site, type SiteVm } from "./support/site.js";

const NETWORKS = ["dmz", "lab", "ovirtmgmt"];

function createVms(count: number, from: number): SiteVm[] {
  return Array.from({ length: count }, (_, at) => ({
    number: from + at,
    name: `vm-${from + at}`,
    address: `10.${(from + at) >> 8}.${(from + at) & 255}.1`,
    network: NETWORKS[at % NETWORKS.length]!,
  }));
}

describeInBrowser("the topology of 3,000 VMs", (browser) => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite({ [HOST_A]: createVms(1_800, 1), [HOST_B]: createVms(1_200, 3_000) });
  });
  afterAll(async () => {
    await browser().page.goto("about:blank");
    await site.stop();
  });

  test("shows the networks with their hosts, folded, read page by page; no VM is in the page before a host is opened", async () => {
    const { page } = browser();
    const pages = new Set<string>();
    page.on("request", (request) => {
      if (!request.url().endsWith("/graphql")) return;
      const { variables } = request.postDataJSON() as {
        readonly variables?: { readonly first?: number; readonly after?: string | null };
      };
      if (variables?.first !== undefined) pages.add(`${variables.first} after ${variables.after ?? "none"}`);
    });
    await page.goto(`${site.url}/?view=topology`);
    await page.getByText("3,000 VMs on 3 networks", { exact: true }).waitFor();
    // Once the subscription is known to work they are read again, so only different ones count.
    expect(pages.size).toBe(12);
    for (const each of pages) expect(each).toMatch(/^250 after /);
    const dmz = page.getByRole("article", { name: "dmz" });
    await dmz.getByText("1,000 VMs", { exact: true }).waitFor();
    expect(await page.getByRole("article").count()).toBe(3);
    expect(await page.locator(".network li").count()).toBe(0);
    await dmz.getByText("host-a.example.test").click();
    await dmz.getByRole("link", { name: "vm-1", exact: true }).waitFor();
    expect(await page.locator(".network li").count()).toBe(200);
    await dmz.getByRole("button", { name: "Show more of 600" }).click();
    expect(await page.locator(".network li").count()).toBe(400);
  });

  test("by keyboard alone: from a key to a network, a host and one of its VMs, and from its vNIC back to who can meet it", async () => {
    const { page } = browser();
    await page.goto(`${site.url}/`);
    await page.getByRole("link", { name: "vm-1", exact: true }).waitFor();
    await page.keyboard.press("t");
    await page.getByText("3,000 VMs on 3 networks", { exact: true }).waitFor();
    const reach = async (text: string) => {
      for (let presses = 0; presses < 40; presses += 1) {
        await page.keyboard.press("Tab");
        if ((await page.evaluate(() => document.activeElement?.textContent ?? "")).startsWith(text)) return;
      }
      throw new Error(`Tab does not come to ${text}`);
    };
    await reach("lab");
    await reach("host-b.example.test");
    await page.keyboard.press("Enter");
    await reach("vm-3001");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "vm-3001" }).waitFor();
    expect(page.url()).toContain(id(3_001));
    await reach("lab");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Who can meet on lab" }).waitFor();
    await page
      .getByRole("article", { name: "lab" })
      .getByRole("link", { name: "vm-3001", exact: true })
      .waitFor();
    expect(await page.getByRole("article").count()).toBe(1);
  });
});
