import { afterAll, beforeAll, expect, test } from "vitest";
import { HOST_A, id } from "../support/builders/ids.js";
import { describeInBrowser } from "./support/in-browser.js";
import { openSite, type Site } from "./support/site.js";
import { setMedia } from "./support/set-media.js";

const WEB = { number: 1, name: "web", address: "10.0.0.1" };
const DB = { number: 2, name: "db", address: "10.0.0.2" };

describeInBrowser("the portal's ways", (browser) => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite({ [HOST_A]: [WEB, DB] });
  });
  afterAll(async () => {
    await browser().page.goto("about:blank");
    await site.stop();
  });

  const readFocus = () => browser().page.evaluate(() => document.activeElement?.textContent ?? "");

  test("each view names itself in the browser's tab, and its title has the focus once it has taken another one's place", async () => {
    const { page } = browser();
    await page.goto(site.url);
    await page.getByText("2 VMs", { exact: true }).waitFor();
    expect(await page.title()).toBe("VMs · vnic-graph");
    expect(await page.evaluate(() => document.activeElement === document.body)).toBe(true);
    for (const [key, title] of [
      ["h", "Hosts"],
      ["t", "Topology"],
      ["d", "Drift"],
      ["c", "Conflicts"],
      ["g", "VMs"],
    ] as const) {
      await page.keyboard.press(key);
      await page.waitForFunction((text) => document.title.startsWith(text), title);
      expect([key, await readFocus()]).toEqual([key, title]);
    }
    await page.getByRole("link", { name: "web", exact: true }).click();
    await page.getByRole("heading", { name: "web" }).waitFor();
    expect([await page.title(), await readFocus()]).toEqual(["web · vnic-graph", "web"]);
    await page.getByRole("link", { name: "10.0.0.1", exact: true }).last().click();
    await page.getByRole("heading", { name: "Who had 10.0.0.1" }).waitFor();
    expect([await page.title(), await readFocus()]).toEqual([
      "Who had 10.0.0.1 · vnic-graph",
      "Who had 10.0.0.1",
    ]);
  });

  test("from a VM back to the list as it was left, however long the way: its search, and the focus on that VM", async () => {
    const { page } = browser();
    await page.goto(`${site.url}/?q=we`);
    await page.getByText("1 VM", { exact: true }).waitFor();
    await page.locator("table.vms tbody tr").click({ position: { x: 200, y: 5 } });
    await page.getByRole("link", { name: "10.0.0.1", exact: true }).last().click();
    await page.getByRole("heading", { name: "Who had 10.0.0.1" }).waitFor();
    await page.locator("table.nics").getByRole("link", { name: "web" }).click();
    await page.getByRole("link", { name: "← VMs" }).click();
    await page.getByText("1 VM", { exact: true }).waitFor();
    expect(new URL(page.url()).search).toBe("?q=we");
    await page.goBack();
    await page.getByRole("heading", { name: "web" }).waitFor();
    await page.goForward();
    await page.waitForFunction(() => document.activeElement?.textContent === "web");
  });

  test("from a VM that a link from elsewhere led to, the list is reached, not the page before", async () => {
    const { page } = browser();
    await page.goto(`${site.url}/healthz`);
    await page.goto(`${site.url}/?view=vm&id=${id(1)}`);
    await page.getByRole("link", { name: "← VMs" }).click();
    await page.getByText("2 VMs", { exact: true }).waitFor();
  });

  test("Back leads through what was searched, one search at a time however it was typed", async () => {
    const { page } = browser();
    await page.goto(site.url);
    const box = page.getByLabel("Find VMs");
    await box.pressSequentially("web");
    await page.getByText("1 VM", { exact: true }).waitFor();
    await box.blur();
    await box.focus();
    await page.keyboard.press("ControlOrMeta+a");
    await page.keyboard.type("10.0.0.0/24");
    await page.getByText("2 VMs", { exact: true }).waitFor();
    await page.goBack();
    await page.getByText("1 VM", { exact: true }).waitFor();
    expect(await box.inputValue()).toBe("web");
    await page.goBack();
    await page.getByText("2 VMs", { exact: true }).waitFor();
    expect(await box.inputValue()).toBe("");
    await page.goForward();
    await page.waitForFunction(() => new URLSearchParams(location.search).get("q") === "web");
    expect(await box.inputValue()).toBe("web");
  });

  test("a VM that is opened in a new tab is opened there alone", async () => {
    const { page, context } = browser();
    await page.goto(site.url);
    const link = page.getByRole("link", { name: "web", exact: true });
    const [tab] = await Promise.all([
      context.waitForEvent("page"),
      link.click({ modifiers: ["ControlOrMeta"] }),
    ]);
    await tab.getByRole("heading", { name: "web" }).waitFor();
    await tab.close();
    expect(page.url()).toBe(`${site.url}/`);
  });

  test("who selects a part of a row to copy it stays in the list", async () => {
    const { page } = browser();
    await page.goto(site.url);
    const cell = page.locator("table.vms tbody tr td[data-column=host]").first();
    const { x, y, width, height } = (await cell.boundingBox())!;
    await page.mouse.move(x + 2, y + height / 2);
    await page.mouse.down();
    await page.mouse.move(x + width - 2, y + height / 2, { steps: 4 });
    await page.mouse.up();
    expect(await page.evaluate(() => getSelection()?.toString())).toContain("host-a");
    expect(page.url()).toBe(`${site.url}/`);
    await cell.click();
    await page.getByRole("heading", { level: 1 }).getByText("db").waitFor();
  });

  test("a view that is asked for again makes no entry of its own, so that Back leads to the view before", async () => {
    const { page } = browser();
    await page.goto(site.url);
    await page.getByText("2 VMs", { exact: true }).waitFor();
    for (const key of ["g", "h", "h", "h"]) await page.keyboard.press(key);
    await page.getByRole("heading", { name: "Hosts" }).waitFor();
    await page.getByRole("link", { name: "Hosts" }).click();
    await page.goBack();
    await page.getByText("2 VMs", { exact: true }).waitFor();
  });

  test("a time is picked once it is whole: neither each of its digits nor the field's emptiness leads anywhere", async () => {
    const { page } = browser();
    await page.goto(`${site.url}/?view=vm&id=${id(1)}`);
    const field = page.getByLabel("As it was at");
    const before = await page.evaluate(() => history.length);
    await field.fill("2001-02-03T04:05:06");
    expect(await page.evaluate(() => history.length)).toBe(before);
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await page.getByText("Nothing is known of that time.").waitFor();
    expect(await page.evaluate(() => history.length)).toBe(before + 1);
    await page.goBack();
    await page.getByText("Nothing is known of that time.").waitFor({ state: "detached" });
    expect(await field.inputValue()).toBe("");
    await page.getByText("vNIC nic1 on network ovirtmgmt").waitFor();
  });

  test("no key does anything behind the list of keys, until it is closed", async () => {
    const { page } = browser();
    await page.goto(site.url);
    await page.getByText("2 VMs", { exact: true }).waitFor();
    await page.keyboard.press("?");
    const dialog = page.getByRole("dialog", { name: "Keys" });
    await dialog.waitFor();
    const before = await page.evaluate(() => history.length);
    for (const key of ["h", "/", "j", "y", "?"]) await page.keyboard.press(key);
    expect(await dialog.evaluate((each) => each.contains(document.activeElement))).toBe(true);
    expect([await page.title(), await page.evaluate(() => history.length)]).toEqual([
      "VMs · vnic-graph",
      before,
    ]);
    await page.keyboard.press("Escape");
    await page.keyboard.press("h");
    await page.getByRole("heading", { name: "Hosts" }).waitFor();
    await dialog.waitFor({ state: "detached" });
  });

  test("an address page of what is no address says so, and leads to the search for it", async () => {
    const { page } = browser();
    await page.goto(`${site.url}/?view=address&of=we`);
    await page.getByText("is neither an address nor a MAC").waitFor();
    await page.getByRole("link", { name: "Find VMs by it" }).click();
    await page.getByText("1 VM", { exact: true }).waitFor();
    expect(await page.getByLabel("Find VMs").inputValue()).toBe("we");
  });

  test("on a telephone each value of a host says what it is", async () => {
    const { page } = browser();
    await page.setViewportSize({ width: 360, height: 740 });
    await page.goto(`${site.url}/?view=hosts`);
    const cell = page.locator("table.nics td").filter({ hasText: "none" });
    await cell.waitFor();
    const label = await cell.evaluate((each) => getComputedStyle(each, "::before").content);
    expect(label).toContain("Last failure or warning");
    await page.setViewportSize({ width: 1_280, height: 800 });
  });

  test("on paper there is the whole view, without what only a screen can do", async () => {
    const { page } = browser();
    await page.goto(`${site.url}/?view=vm&id=${id(1)}`);
    await page.getByRole("heading", { name: "web" }).waitFor();
    await setMedia(page, { media: "print" });
    expect(await page.locator("header.bar").isVisible()).toBe(false);
    expect(await page.locator("main").evaluate((main) => getComputedStyle(main).overflow)).toBe("visible");
    await setMedia(page, { media: null });
  });
});
