import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HOST_A, mac } from "../support/builders/ids.js";
import { describeInBrowser } from "./support/in-browser.js";
import { openSite, type Site } from "./support/site.js";

const VMS = [
  { number: 1, name: "web", address: "10.1.2.3" },
  { number: 2, name: "db", address: "10.1.20.3" },
  { number: 3, name: "release-10.1.2.4", address: "192.0.2.1" },
  { number: 4, name: "old", address: "110.1.2.9" },
];

describeInBrowser("the portal's search box", (browser) => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite({ [HOST_A]: VMS });
    await browser().page.goto(`${site.url}/`);
    await browser().page.getByText("4 VMs", { exact: true }).waitFor();
  });
  afterAll(async () => {
    await browser().page.goto("about:blank");
    await site.stop();
  });

  test.each([
    ["10.1.2.", ["release-10.1.2.4", "web"]],
    ["10.1.20", ["db"]],
    ["10.1.", ["db", "release-10.1.2.4", "web"]],
    [mac(4).replaceAll(":", "").toUpperCase(), ["old"]],
    ["web.test.", ["web"]],
    ["web:22", ["web"]],
    ["https://me@web.test:8443/ui?tab=1", ["web"]],
    ["http://release-10.1.2.4/", ["release-10.1.2.4"]],
    ["ssh://10.1.20.3:22", ["db"]],
  ])(
    "finds by %j the VMs whose names have it, or their guests', and those whose address or MAC it means",
    async (text, names) => {
      const { page } = browser();
      await page.getByLabel("Find VMs").fill(text);
      await expect.poll(() => page.locator("td[data-column=name] a").allInnerTexts()).toEqual(names);
    },
  );

  test.each([
    "",
    "10.1.2.",
    "10.1.20",
    "10.1.0.0/16",
    "web",
    mac(4),
    mac(2).replaceAll(":", ""),
    "web.test.:443",
  ])("what %j finds is exported as it is shown: the same VMs, and no other", async (text) => {
    const { page } = browser();
    await page.goto(`${site.url}/?q=${encodeURIComponent(text)}`);
    await page.getByText(/^\d VMs?$/).waitFor();
    const shown = await page.locator("td[data-column=name] a").allInnerTexts();
    await page.getByText("Export what is shown").click();
    const link = page.getByRole("link", { name: "JSON", exact: true });
    const [file] = await Promise.all([page.waitForEvent("download"), link.click()]);
    const exported = JSON.parse(await readFile(await file.path(), "utf8")) as { name: string }[];
    expect(exported.map(({ name }) => name)).toEqual(shown);
    expect(shown.length).toBeGreaterThan(0);
  });

  test("says of a half of a MAC that it is looked for in names so far", async () => {
    const { page } = browser();
    await page.getByLabel("Find VMs").fill(mac(1).slice(0, 8));
    await page.getByText("a MAC or an IPv6 address is found once it is whole").waitFor();
    await page.getByLabel("Find VMs").fill(mac(1));
    await page.getByText("1 VM", { exact: true }).waitFor();
    expect(await page.getByText("once it is whole").count()).toBe(0);
  });
});
