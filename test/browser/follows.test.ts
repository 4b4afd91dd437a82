import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { HOST_A, HOST_B, id, mac } from "../support/builders/ids.js";
import { reportedInterface } from "../support/builders/reported.js";
import { findFaults } from "./support/find-faults.js";
import { setMedia } from "./support/set-media.js";
import { describeInBrowser } from "./support/in-browser.js";
import { openSite, type Site, type SiteVm } from "./support/site.js";

const WEB: SiteVm = { number: 1, name: "web", address: "10.0.0.1" };
const DB: SiteVm = { number: 2, name: "db", address: "10.0.0.2" };

/** An interface without a vNIC. */
const BRIDGE = reportedInterface({ name: "docker0", hw: mac(0x9_0001), inet: ["172.17.0.1"], inet6: [] });

describeInBrowser("the portal's other views, beside hosts and guests that change", (browser) => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite({ [HOST_A]: [WEB], [HOST_B]: [DB] });
  });
  afterAll(async () => {
    await browser().page.goto("about:blank");
    await site.stop();
  });
  beforeEach(() => site.report({ [HOST_A]: [WEB], [HOST_B]: [DB] }));

  /** Opens a view and marks the page, which has lost the mark if it is loaded again. */
  async function open(path: string): Promise<void> {
    const { page } = browser();
    await page.goto(site.url + path);
    await page.getByRole("status").getByText("live", { exact: true }).waitFor();
    await page.evaluate(() => void Reflect.set(globalThis, "isMarked", true));
  }
  const isMarked = () => browser().page.evaluate(() => Reflect.get(globalThis, "isMarked") === true);

  test("drift: what does not fit any more comes, and goes when it fits again", async () => {
    const { page } = browser();
    await open("/?view=drift");
    await page.getByText("Everything fits.").waitFor();
    await site.report({ [HOST_A]: [{ ...WEB, more: [BRIDGE] }] });
    await page.getByRole("row").filter({ hasText: "docker0" }).getByRole("link", { name: "web" }).waitFor();
    await site.report({ [HOST_A]: [WEB] });
    await page.getByText("Everything fits.").waitFor();
    expect(await isMarked()).toBe(true);
  });

  test("conflicts: an address that a second VM takes, until it gives it back", async () => {
    const { page } = browser();
    await open("/?view=conflicts");
    await page.getByText("No address is on two VMs that can meet.").waitFor();
    await site.report({ [HOST_B]: [{ ...DB, address: WEB.address }] });
    const row = page.getByRole("row").filter({ hasText: WEB.address });
    for (const name of ["web", "db"]) await row.getByRole("link", { name, exact: true }).waitFor();
    await site.report({ [HOST_B]: [DB] });
    await page.getByText("No address is on two VMs that can meet.").waitFor();
    expect(await isMarked()).toBe(true);
  });

  test("topology: a VM that comes, one that has another name, and one that goes", async () => {
    const { page } = browser();
    await open("/?view=topology&network=ovirtmgmt");
    const card = page.getByRole("article", { name: "ovirtmgmt" });
    await card.getByText("2 VMs", { exact: true }).first().waitFor();
    await site.report({ [HOST_A]: [WEB, { number: 3, name: "new", address: "10.0.0.3" }] });
    await card.getByRole("link", { name: "new", exact: true }).waitFor();
    await card.getByText("3 VMs", { exact: true }).first().waitFor();
    await site.report({ [HOST_A]: [WEB, { number: 3, name: "newer", address: "10.0.0.3" }] });
    await card.getByRole("link", { name: "newer", exact: true }).waitFor();
    await site.report({ [HOST_A]: [WEB] });
    await site.report({ [HOST_A]: [WEB] });
    await card.getByRole("listitem").filter({ hasText: "newer" }).getByText("down").waitFor();
    expect(await isMarked()).toBe(true);
  });

  test("hosts: one that does not answer any more, and one that is back", async () => {
    const { page } = browser();
    await open("/?view=hosts");
    const row = page.getByRole("row").filter({ hasText: "host-b.example.test" });
    await site.fail(HOST_B);
    await row.getByText("connection refused").waitFor();
    await site.report({ [HOST_B]: [DB] });
    await row.getByText("connection refused").waitFor({ state: "detached" });
    expect(await isMarked()).toBe(true);
  });

  test("an address: who takes it, and until when the last one had it", async () => {
    const { page } = browser();
    await open("/?view=address&of=10.0.0.77");
    await page.getByText("Nobody had it since").waitFor();
    await site.report({ [HOST_A]: [{ ...WEB, address: "10.0.0.77" }] });
    const until = page.getByRole("row").filter({ hasText: "web" }).locator("[data-label=Until]");
    await until.waitFor();
    expect(await until.locator("time").count()).toBe(0);
    await site.report({ [HOST_A]: [WEB] });
    await until.locator("time").waitFor();
    expect(await isMarked()).toBe(true);
  });

  test.each(["/?view=drift", "/?view=conflicts", "/?view=hosts", "/?view=topology"])(
    "%s tells a lost connection, has no fault that axe finds then, and is live again by itself",
    async (path) => {
      const { page } = browser();
      await open(path);
      await site.lose();
      await page.getByRole("status").getByText("connection lost").waitFor();
      for (const colorScheme of ["light", "dark"] as const) {
        await setMedia(page, { colorScheme });
        expect(await findFaults(page)).toEqual([]);
      }
      await site.regain();
      await page.getByRole("status").getByText("live", { exact: true }).waitFor();
      expect(await isMarked()).toBe(true);
    },
  );
});

describeInBrowser("the portal's views while all VMs change again and again", (browser) => {
  let site: Site;
  const fleet = (round: number): SiteVm[] =>
    Array.from({ length: 100 }, (_, at) => ({
      number: at + 1,
      name: `vm-${at}`,
      address: `10.${round % 250}.${at >> 8}.${at & 255}`,
    }));

  beforeAll(async () => {
    site = await openSite({ [HOST_A]: fleet(0) });
  });
  afterAll(async () => {
    await browser().page.goto("about:blank");
    await site.stop();
  });

  test.each([
    ["the list", "/"],
    ["conflicts", "/?view=conflicts"],
    ["an address", "/?view=address&of=10.7.0.1"],
    ["a VM", `/?view=vm&id=${id(1)}`],
  ])("%s asks a few times and then shows the last state", async (_title, path) => {
    const page = await browser().context.newPage();
    await page.goto(site.url + path);
    await page.getByRole("status").getByText("live", { exact: true }).waitFor();
    await page.waitForLoadState("networkidle");
    const askedAt: number[] = [];
    page.on("request", (request) => {
      if (request.url().endsWith("/graphql")) askedAt.push(performance.now());
    });
    const startedAt = performance.now();
    for (let round = 1; round <= 5; round += 1) await site.report({ [HOST_A]: fleet(round) });
    // Each address is two VMs' now.
    await site.report({ [HOST_A]: fleet(9).map((vm) => ({ ...vm, address: `10.9.9.${vm.number % 50}` })) });
    if (path === "/") await page.getByText("10.9.9.1", { exact: true }).first().waitFor();
    if (path.includes("conflicts")) await page.getByRole("link", { name: "10.9.9.1", exact: true }).waitFor();
    if (path.includes("vm&id")) await page.locator("table.nics").getByText("10.9.9.1").first().waitFor();
    const seconds = (performance.now() - startedAt) / 1_000;
    // Each view has two questions at most, each of which rests for a second and longer.
    expect(askedAt.length).toBeLessThanOrEqual(2 * (seconds + 3));
    await page.close();
  });
});
