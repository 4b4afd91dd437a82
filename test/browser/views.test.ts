import { afterAll, beforeAll, expect, test } from "vitest";
import { HOST_A, HOST_B, id } from "../support/builders/ids.js";
import { describeInBrowser } from "./support/in-browser.js";
import { installClock } from "./support/pass-time.js";
import { openSite, type Site } from "./support/site.js";

const WEB = { number: 1, name: "web", address: "10.0.0.1" };
const DB = { number: 2, name: "db", address: "10.0.0.2" };
const PREFIX = "/vnic";

describeInBrowser("the portal's views", (browser) => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite({ [HOST_A]: [WEB], [HOST_B]: [DB] }, { settings: { BASE_PATH: PREFIX } });
  });
  afterAll(async () => {
    await browser().page.goto("about:blank");
    await site.stop();
  });

  test("work below a prefix: links, questions, live changes and files all stay below it", async () => {
    const { page, context } = browser();
    const paths: string[] = [];
    context.on("request", (request) => paths.push(new URL(request.url()).pathname));
    page.on("websocket", (socket) => paths.push(new URL(socket.url()).pathname));
    await page.goto(`${site.url}${PREFIX}/`);
    await page.getByRole("status").getByText("live", { exact: true }).waitFor();
    await page.getByRole("link", { name: "web", exact: true }).click();
    await page.locator("table.nics").getByText("10.0.0.1", { exact: true }).waitFor();
    expect(new URL(page.url()).pathname).toBe(`${PREFIX}/`);
    await site.report({ [HOST_A]: [{ ...WEB, address: "10.0.0.11" }] });
    await page.locator("table.nics").getByText("10.0.0.11", { exact: true }).waitFor();
    await page.getByRole("link", { name: "GraphiQL" }).click();
    await page.locator(".graphiql-query-editor .view-line").nth(3).waitFor();
    expect(new URL(page.url()).pathname).toBe(`${PREFIX}/graphiql`);
    expect(paths.length).toBeGreaterThan(5);
    expect(paths.filter((path) => !path.startsWith(`${PREFIX}/`) && path !== PREFIX)).toEqual([]);
    await site.report({ [HOST_A]: [WEB] });
  });

  test("show their frame before any script has come, and it is the one that stays", async () => {
    const { page } = browser();
    const readBar = () => page.locator("header.bar a").allInnerTexts();
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    await page.route(/(?:first|index)-.*\.(?:js|css)$/, async (route) => {
      await released;
      await route.continue();
    });
    await page.goto(`${site.url}${PREFIX}/?view=hosts`, { waitUntil: "commit" });
    await page.getByRole("progressbar", { name: "Loading" }).waitFor();
    await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint").length > 0);
    const before = await readBar();
    const height = await page.locator("header.bar").evaluate((bar) => bar.clientHeight);
    release();
    await page.getByRole("rowheader", { name: "host-a.example.test" }).waitFor();
    expect((await readBar()).slice(0, before.length)).toEqual(before);
    expect(before).toHaveLength(5);
    expect(await page.locator("header.bar").evaluate((bar) => bar.clientHeight)).toBe(height);
    await page.unrouteAll({ behavior: "wait" });
  });

  test.each([
    ["the list", "/", "web"],
    ["a VM", `/?view=vm&id=${id(1)}`, "Time line"],
    ["an address", "/?view=address&of=10.0.0.1", "web"],
    ["drift", "/?view=drift", "Everything fits."],
    ["conflicts", "/?view=conflicts", "Each MAC is on one vNIC."],
    ["the topology", "/?view=topology", "2 VMs on 1 network"],
    ["hosts", "/?view=hosts", "host-a.example.test"],
  ])("%s asks nothing while nothing happens, however long that lasts", async (_title, path, text) => {
    const page = await browser().context.newPage();
    const asked: string[] = [];
    const passTime = await installClock(page);
    await page.goto(site.url + path);
    await page.getByText(text).first().waitFor();
    await page.getByRole("status").getByText("live", { exact: true }).waitFor();
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    // What the view itself still has to ask, because its subscription has just begun, is asked first.
    do {
      asked.length = 0;
      await passTime(5_000);
      await page.waitForLoadState("networkidle");
      await page.evaluate(() => fetch("./healthz").then((answer) => answer.text()));
    } while (asked.length > 1);
    asked.length = 0;
    await passTime(600_000);
    await page.evaluate(() => fetch("./healthz").then((answer) => answer.text()));
    expect(asked).toEqual(["/healthz"]);
    if (/view=vm|^\/$/.test(path)) {
      await site.report({ [HOST_A]: [{ ...WEB, address: "10.0.0.12" }] });
      await passTime(5_000);
      await page.getByText("10.0.0.12", { exact: true }).first().waitFor();
      await site.report({ [HOST_A]: [WEB] });
    }
    await page.close();
  });

  test("a host that does not answer: its VMs keep their addresses, and each view says that they are old, and why", async () => {
    const { page } = browser();
    await site.fail(HOST_B);
    await page.goto(`${site.url}/?q=db`);
    const row = page.locator("table.vms tbody tr").filter({ hasText: "db" });
    await row.getByText("10.0.0.2", { exact: true }).waitFor();
    const note = row.getByRole("note", { name: /stale: The VM's host does not answer/ });
    const beside = row.locator("td[data-column=status]").getByText("stale", { exact: true });
    await note.waitFor();
    expect(await beside.isVisible()).toBe(false);
    // On a telephone there is no column for it.
    await page.setViewportSize({ width: 360, height: 740 });
    await beside.waitFor();
    expect(await note.isVisible()).toBe(false);
    await page.setViewportSize({ width: 1_280, height: 800 });
    await note.focus();
    await page.getByRole("tooltip").getByText("The VM's host does not answer").waitFor();
    await row.getByRole("link", { name: "db" }).click();
    await page.locator("table.nics").getByText("10.0.0.2", { exact: true }).waitFor();
    await page.getByRole("note", { name: /stale: The VM's host does not answer/ }).waitFor();
    await page.keyboard.press("h");
    await page
      .getByRole("row")
      .filter({ hasText: "connection refused" })
      .getByRole("rowheader", { name: "host-b.example.test" })
      .waitFor();
  });
});
