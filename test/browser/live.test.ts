import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createHostLink, type HostLink } from "../../src/refresher/host-link.js";
import { FakeHost } from "../refresher/fake-host.js";
import { findBrowser, openBrowser } from "../support/processes/browser.js";
import { HOST_A, VM } from "../support/builders/ids.js";
import { configuredHost, INTERVAL_MS } from "../support/builders/passes.js";
import { reportedInterface, reportedNic, reportedVm } from "../support/builders/reported.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { runPass } from "../support/passes/run-pass.js";
import { startGatewayProcess, type RunningGateway } from "../support/processes/gateway.js";
import { freePort } from "../support/processes/tcp.js";
import { setMedia } from "./support/set-media.js";

const executable = findBrowser();
if (executable === undefined)
  console.warn("No Chromium in /usr/bin: the portal's live views are not tried in a browser.");

describe.skipIf(executable === undefined)("the portal beside a guest that changes", () => {
  let database: TestDatabase;
  let link: HostLink;
  let host: FakeHost;
  let port: number;
  let gateway: RunningGateway;
  let browser: Awaited<ReturnType<typeof openBrowser>>;

  const startGateway = () => startGatewayProcess({ DATABASE_URL: database.url, PORT: String(port) });

  beforeAll(async () => {
    browser = await openBrowser(executable!);
  });
  afterAll(() => browser.close());

  beforeEach(async () => {
    database = await createDatabase();
    await database.store.registerHosts([configuredHost(HOST_A)], INTERVAL_MS);
    host = new FakeHost();
    host.nics = () => [reportedNic()];
    link = createHostLink(configuredHost(HOST_A), host);
    port = await freePort();
    await report("10.0.0.1");
    gateway = await startGateway();
  });
  afterEach(async () => {
    await browser.page.goto("about:blank");
    await gateway.stop();
    await database.drop();
  });

  /** The host reports the guest with this address, and the pass writes it. */
  async function report(address: string, name = "web"): Promise<void> {
    const netIfaces = [reportedInterface({ inet: [address], inet6: [] })];
    host.report = { vms: [reportedVm({ vmName: name, netIfaces })], rejected: [] };
    await pass();
  }

  async function pass(): Promise<void> {
    const { outcome } = await runPass(database.store, link);
    expect(outcome).toBe("done");
  }

  /** Marks the page: a page that is loaded again has lost the mark. */
  const mark = () => browser.page.evaluate(() => void Reflect.set(globalThis, "isMarked", true));
  const isMarked = () => browser.page.evaluate(() => Reflect.get(globalThis, "isMarked") === true);
  const seesLive = () => browser.page.getByRole("status").getByText("live", { exact: true }).waitFor();

  test("a VM's page shows its new address, and says what has changed, without being loaded again", async () => {
    const { page } = browser;
    await page.goto(`${gateway.url}/?view=vm&id=${VM}`);
    const nics = page.locator("table.nics");
    await nics.getByText("10.0.0.1", { exact: true }).waitFor();
    await seesLive();
    await mark();
    await report("10.0.0.2");
    await nics.getByText("10.0.0.2", { exact: true }).waitFor();
    await nics.getByText("10.0.0.1", { exact: true }).waitFor({ state: "detached" });
    await page.getByRole("log").getByText("10.0.0.2").first().waitFor();
    expect(await isMarked()).toBe(true);
  });

  test("the list shows a new address, a new name and a VM that comes, without being loaded again", async () => {
    const { page } = browser;
    await page.goto(`${gateway.url}/`);
    const row = page.locator("table.vms tbody tr");
    await row.getByText("10.0.0.1").first().waitFor();
    await seesLive();
    await mark();
    await report("10.0.0.2");
    await row.getByText("10.0.0.2").first().waitFor();
    await report("10.0.0.2", "renamed");
    await page.getByRole("link", { name: "renamed", exact: true }).waitFor();
    expect(await isMarked()).toBe(true);
  });

  test("a page that loses its server says so, and shows afterwards what changed meanwhile", async () => {
    const { page } = browser;
    await page.goto(`${gateway.url}/?view=vm&id=${VM}`);
    const nics = page.locator("table.nics");
    await nics.getByText("10.0.0.1", { exact: true }).waitFor();
    await seesLive();
    await mark();
    await gateway.stop();
    await page.getByRole("status").getByText("connection lost").waitFor();
    await nics.getByText("10.0.0.1", { exact: true }).waitFor();
    await report("10.0.0.2");
    await report("10.0.0.3");
    gateway = await startGateway();
    await nics.getByText("10.0.0.3", { exact: true }).waitFor();
    await seesLive();
    const log = page.getByRole("log");
    for (const address of ["10.0.0.2", "10.0.0.3"]) await log.getByText(address).first().waitFor();
    expect(await isMarked()).toBe(true);
  });

  test("a hundred changes one after the other are shown to the last one", async () => {
    const { page } = browser;
    await page.goto(`${gateway.url}/?view=vm&id=${VM}`);
    await page.locator("table.nics").getByText("10.0.0.1", { exact: true }).waitFor();
    await seesLive();
    for (let last = 2; last <= 101; last += 1) await report(`10.0.0.${last}`);
    await page.locator("table.nics").getByText("10.0.0.101", { exact: true }).waitFor();
  });

  test("the time line leads to the VM as it was, with what is otherwise now, and back", async () => {
    const { page } = browser;
    await report("10.0.0.2");
    await report("10.0.0.3");
    await page.goto(`${gateway.url}/?view=vm&id=${VM}`);
    const timeLine = page.getByRole("region", { name: "Time line" });
    await timeLine.getByRole("listitem").nth(2).waitFor();
    await timeLine.getByRole("listitem").filter({ hasText: "10.0.0.2" }).last().getByRole("link").click();
    const nics = page.locator("table.nics");
    await nics.locator("mark").getByText("10.0.0.2", { exact: true }).waitFor();
    const note = page.getByRole("status").filter({ hasText: "As it was at" });
    await note.getByText("not any more: eth0 10.0.0.2").waitFor();
    await note.getByText("new since then: eth0 10.0.0.3").waitFor();
    const readColour = () => nics.locator("mark").evaluate((mark) => getComputedStyle(mark).backgroundColor);
    for (const [colorScheme, colour] of [
      ["light", "rgb(255, 243, 191)"],
      ["dark", "rgb(92, 74, 0)"],
      ["light", "rgb(255, 243, 191)"],
    ] as const) {
      await setMedia(page, { colorScheme });
      expect(await readColour(), `it stands out in the ${colorScheme} theme`).toBe(colour);
    }
    // A link shows the same to somebody else.
    await page.goto(page.url());
    await nics.locator("mark").getByText("10.0.0.2", { exact: true }).waitFor();
    await page.getByRole("link", { name: "Show it as it is now" }).click();
    await nics.getByText("10.0.0.3", { exact: true }).waitFor();
    expect(await nics.locator("mark").count()).toBe(0);
  });

  test("an address leads to who had it and when, and from there to the VM of that time", async () => {
    const { page } = browser;
    await report("10.0.0.2");
    await page.goto(`${gateway.url}/?view=address&of=10.0.0.1`);
    const span = page.locator("table.nics tbody tr");
    await span.getByRole("link", { name: "web" }).waitFor();
    expect(await span.innerText()).not.toContain("now\n");
    await span.getByRole("link", { name: "web" }).click();
    await page.getByRole("heading", { name: "web" }).waitFor();
    await page.goto(`${gateway.url}/?view=vm&id=${VM}`);
    await page.locator("table.nics").getByRole("link", { name: "10.0.0.2", exact: true }).click();
    await page.getByRole("heading", { name: "Who had 10.0.0.2" }).waitFor();
    await page.locator("table.nics tbody tr").getByText("now", { exact: true }).waitFor();
    await page.goto(`${gateway.url}/?view=address&of=192.0.2.99`);
    await page.getByText("Nobody had it since").waitFor();
  });

  test("a vNIC that the guest does not show says why, and which interface it probably is", async () => {
    const { page } = browser;
    host.nics = () => [reportedNic({ macAddr: "52:54:00:00:00:99" })];
    host.report = { vms: [reportedVm({ hash: "78" })], rejected: [] };
    await pass();
    await page.goto(`${gateway.url}/?view=vm&id=${VM}`);
    await page.locator("table.nics").getByText("the guest uses another MAC; probably eth0").waitFor();
    expect(await page.getByText("This is a demonstration").count()).toBe(0);
  });

  test("a time before anything was kept is told, not guessed: nothing is compared with it", async () => {
    const { page } = browser;
    await page.goto(`${gateway.url}/?view=vm&id=${VM}&at=2001-01-01T00:00:00Z`);
    await page.getByText("Nothing is known of that time. The past is kept from").waitFor();
    await page.getByRole("link", { name: "Show it as it is now" }).waitFor();
    expect(await page.getByText(/new since then|was not known at that time/).count()).toBe(0);
    expect(await page.getByRole("alert").count()).toBe(0);
  });
});
