import { afterAll, beforeAll, expect, test } from "vitest";
import { HOST_A, HOST_B, mac } from "../support/builders/ids.js";
import { reportedInterface } from "../support/builders/reported.js";
import { describeInBrowser } from "./support/in-browser.js";
import { openSite, type Site, type SiteVm } from "./support/site.js";

/** Two VMs have each address. */
const TWINS: readonly SiteVm[] = Array.from({ length: 400 }, (_, at) => ({
  number: at + 1,
  name: `vm-${String(at).padStart(3, "0")}`,
  address: `10.0.${at >> 8}.${(at >> 1) % 128}`,
}));

/** A guest with so many interfaces that have no vNIC. */
function formatDocker(count: number): SiteVm {
  const more = Array.from({ length: count }, (_, at) =>
    reportedInterface({ name: `cni${at}`, hw: mac(0x9_0000 + at), inet: [], inet6: [] }),
  );
  return { number: 1_000, name: "docker", address: "10.9.0.1", more };
}

describeInBrowser("lists of the portal that are read on", (browser) => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite({ [HOST_A]: TWINS, [HOST_B]: [formatDocker(300)] });
  });
  afterAll(async () => {
    await browser().page.goto("about:blank");
    await site.stop();
  });

  test("drift shows more when asked to, and still shows as much after a change", async () => {
    const { page } = browser();
    const rows = page.locator("table.nics tbody tr");
    await page.goto(`${site.url}/?view=drift`);
    await page.getByText("The first 200 of 300.").waitFor();
    expect(await rows.count()).toBe(200);
    const more = page.getByRole("button", { name: "Show more" });
    await more.click();
    await page.getByText("300 in all.").waitFor();
    expect(await rows.count()).toBe(300);
    expect(await more.count()).toBe(0);
    await page.getByRole("status").getByText("live", { exact: true }).waitFor();
    await site.report({ [HOST_B]: [formatDocker(301)] });
    await page.getByText("301 in all.").waitFor();
    expect(await rows.count()).toBe(301);
    await page.getByRole("combobox", { name: "Show" }).selectOption("DEVICE_CONTAINER");
    await page.getByText("The first 200 of 301.").waitFor();
  });

  test("conflicts show more when asked to, each address once", async () => {
    const { page } = browser();
    await page.goto(`${site.url}/?view=conflicts`);
    await page.getByRole("heading", { name: "Addresses of several VMs (200)" }).waitFor();
    const names = page.locator("table.nics tbody th");
    expect(await names.count()).toBe(100);
    const more = page.getByRole("button", { name: "Show more addresses" });
    await more.click();
    await more.waitFor({ state: "detached" });
    expect(new Set(await names.allInnerTexts()).size).toBe(200);
    expect(await names.count()).toBe(200);
  });
});
