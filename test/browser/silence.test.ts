import { afterAll, beforeAll, test } from "vitest";
import { startProxy, type Proxy } from "../faults/support/proxy.js";
import { HOST_A, id } from "../support/builders/ids.js";
import { describeInBrowser } from "./support/in-browser.js";
import { openSite, type Site, type SiteVm } from "./support/site.js";

const WEB: SiteVm = { number: 1, name: "web", address: "10.0.0.1" };

describeInBrowser("the portal behind a wire that goes silent without being closed", (browser) => {
  let site: Site;
  let proxy: Proxy;
  let url: string;

  beforeAll(async () => {
    site = await openSite({ [HOST_A]: [WEB] });
    proxy = await startProxy({ host: "127.0.0.1", port: Number(new URL(site.url).port) });
    url = `http://127.0.0.1:${proxy.port}`;
  });
  afterAll(async () => {
    await browser().page.goto("about:blank");
    await proxy.stop();
    await site.stop();
  });

  test("the page says so although its connection looks open, and shows afterwards what changed meanwhile", async () => {
    const { page } = browser();
    await page.goto(`${url}/?view=vm&id=${id(1)}`);
    const live = page.getByRole("status").getByText("live", { exact: true });
    await live.waitFor();
    proxy.mode = "hang";
    proxy.strand();
    await page.getByRole("status").getByText("connection lost").waitFor();
    await site.report({ [HOST_A]: [{ ...WEB, address: "10.0.0.2" }] });
    proxy.mode = "pass";
    await page.locator("table.nics").getByText("10.0.0.2", { exact: true }).waitFor();
    await live.waitFor();
    await page.getByRole("log").getByText("10.0.0.2").first().waitFor();
  });
});
