import { afterAll, beforeAll, expect, test } from "vitest";
import { createHostLink } from "../../src/refresher/host-link.js";
import { startDatabaseProxy, type Proxy } from "../faults/support/proxy.js";
import { FakeHost } from "../refresher/fake-host.js";
import { HOST_A, VM } from "../support/builders/ids.js";
import { configuredHost, INTERVAL_MS } from "../support/builders/passes.js";
import { reportedInterface, reportedNic, reportedVm } from "../support/builders/reported.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { startGatewayProcess, type RunningGateway } from "../support/processes/gateway.js";
import { runPass } from "../support/passes/run-pass.js";
import { findFaults } from "./support/find-faults.js";
import { setMedia } from "./support/set-media.js";
import { describeInBrowser } from "./support/in-browser.js";

describeInBrowser("the portal while the database is away", (browser) => {
  let database: TestDatabase;
  let proxy: Proxy;
  let gateway: RunningGateway;

  beforeAll(async () => {
    database = await createDatabase();
    await database.store.registerHosts([configuredHost(HOST_A)], INTERVAL_MS);
    await report("10.0.0.1");
    proxy = await startDatabaseProxy(database.url);
    gateway = await startGatewayProcess({ DATABASE_URL: proxy.formatUrl(database.url) });
  });
  afterAll(async () => {
    await browser().page.goto("about:blank");
    await gateway.stop();
    await proxy.stop();
    await database.drop();
  });

  async function report(address: string): Promise<void> {
    const host = new FakeHost();
    host.nics = () => [reportedNic()];
    const netIfaces = [reportedInterface({ inet: [address], inet6: [] })];
    host.report = { vms: [reportedVm({ netIfaces })], rejected: [] };
    const { outcome } = await runPass(database.store, createHostLink(configuredHost(HOST_A), host));
    expect(outcome).toBe("done");
  }

  test("a page that is opened meanwhile says so, and is live by itself when the database is back", async () => {
    const { page } = browser();
    proxy.mode = "refuse";
    proxy.drop();
    await page.goto(`${gateway.url}/?view=vm&id=${VM}`);
    await page.getByRole("alert").getByText("The database does not answer").waitFor();
    await page.getByRole("status").getByText("connection lost").waitFor();
    proxy.mode = "pass";
    await page.locator("table.nics").getByText("10.0.0.1", { exact: true }).waitFor();
    await page.getByRole("status").getByText("live", { exact: true }).waitFor();
    await report("10.0.0.2");
    await page.locator("table.nics").getByText("10.0.0.2", { exact: true }).waitFor();
  });

  test.each([
    ["the list", "/", "web"],
    ["hosts", "/?view=hosts", "host-a.example.test"],
    ["the topology", "/?view=topology", "1 VM on 1 network"],
    ["drift", "/?view=drift", "Everything fits."],
    ["conflicts", "/?view=conflicts", "Each MAC is on one vNIC."],
  ])("%s, opened meanwhile, is read by itself when the database is back", async (_title, path, text) => {
    const { page } = browser();
    proxy.mode = "refuse";
    proxy.drop();
    await page.goto(gateway.url + path);
    await page.getByRole("alert").getByText("It is read again by itself.").waitFor();
    await page.waitForLoadState("networkidle");
    expect(await page.getByRole("alert").count()).toBe(1);
    for (const colorScheme of ["light", "dark"] as const) {
      await setMedia(page, { colorScheme });
      expect(await findFaults(page)).toEqual([]);
    }
    proxy.mode = "pass";
    await page.getByText(text).first().waitFor();
    await page.getByRole("alert").waitFor({ state: "detached" });
    await page.getByRole("status").getByText("live", { exact: true }).waitFor();
  });

  test("a view that is opened for the first time while nothing can be reached still opens, and is read when all is back", async () => {
    const { page } = browser();
    await page.goto(gateway.url);
    await page.getByText("web").first().waitFor();
    await page.waitForLoadState("networkidle");
    await page.context().setOffline(true);
    await page.getByRole("link", { name: "Hosts" }).click();
    await page.getByRole("alert").getByText("It is read again by itself.").waitFor();
    await page.context().setOffline(false);
    await page.getByText("host-a.example.test").first().waitFor();
  });

  test("a view whose code could not be loaded is loaded again by itself", async () => {
    const { page } = browser();
    let refused = 0;
    await page.route(/\/assets\/hosts-view/, (route) => {
      refused += 1;
      return refused > 2 ? route.continue() : route.abort();
    });
    await page.goto(`${gateway.url}/?view=hosts`);
    await page.getByText("host-a.example.test").first().waitFor();
    expect(refused).toBeGreaterThan(2);
    await page.unroute(/\/assets\/hosts-view/);
  });
});
