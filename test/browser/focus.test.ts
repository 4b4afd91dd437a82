import { afterAll, beforeAll, expect, test } from "vitest";
import { HOST_A, id, mac } from "../support/builders/ids.js";
import { reportedInterface } from "../support/builders/reported.js";
import { describeInBrowser } from "./support/in-browser.js";
import { openSite, type Site, type SiteVm } from "./support/site.js";

const FLEET: readonly SiteVm[] = Array.from({ length: 560 }, (_, at) => ({
  number: at + 1,
  name: `vm-${at + 1}`,
  address: `10.0.${at >> 8}.${at & 255}`,
}));
/** A VM with more interfaces of its own than drift shows at first. */
const BRIDGES = Array.from({ length: 250 }, (_, at) =>
  reportedInterface({ name: `br-${1_000 + at}`, hw: mac(0x9_0000 + at), inet: [], inet6: [] }),
);

describeInBrowser("the keyboard's focus in the portal, once a button has done its work", (browser) => {
  let site: Site;
  const report = (first: Partial<SiteVm>, more: readonly SiteVm[] = []) =>
    site.report({ [HOST_A]: [{ ...FLEET[0]!, ...first }, ...FLEET.slice(1), ...more] });

  beforeAll(async () => {
    site = await openSite({ [HOST_A]: FLEET });
    for (let change = 1; change <= 25; change += 1) await report({ address: `10.9.0.${change}` });
    await report({ more: BRIDGES });
  });
  afterAll(async () => {
    await browser().page.goto("about:blank");
    await site.stop();
  });

  const readFocus = () =>
    browser().page.evaluate(() => {
      const focused = document.activeElement;
      return focused?.getAttribute("aria-label") ?? focused?.textContent ?? "";
    });
  async function press(name: string): Promise<void> {
    const { page } = browser();
    const button = page.getByRole("button", { name });
    await button.focus();
    await page.keyboard.press("Enter");
  }

  test("is in the list after it was read again", async () => {
    const { page } = browser();
    await page.goto(site.url);
    await page.getByText("560 VMs", { exact: true }).waitFor();
    await page.getByRole("status").getByText("live", { exact: true }).waitFor();
    // Whoever has read far is not taken back unasked.
    const list = page.getByRole("region", { name: "List of VMs" });
    await expect
      .poll(async () => {
        await list.evaluate((each) => {
          each.scrollTop = each.scrollHeight;
        });
        return page.getByText("vm-99", { exact: true }).count();
      })
      .toBe(1);
    // The rows on the screen are followed once scrolling has ended.
    let name = 0;
    await expect
      .poll(
        async () => {
          name += 1;
          await site.report({
            [HOST_A]: FLEET.map((vm) => (vm.number === 99 ? { ...vm, name: `vm-99-${name}` } : vm)),
          });
          return page.getByRole("button", { name: "The list has changed" }).count();
        },
        { interval: 500 },
      )
      .toBe(1);
    await press("The list has changed: read it again");
    await page.getByRole("button", { name: "The list has changed" }).waitFor({ state: "detached" });
    await expect.poll(readFocus).toBe("List of VMs");
    await page.keyboard.press("j");
    await expect.poll(readFocus).toBe("vm-1");
    await report({ more: BRIDGES });
  });

  test("is on the view's title after a failure that was tried again", async () => {
    const { page } = browser();
    await page.route("**/graphql", (route) => route.fulfill({ status: 500, body: "broken" }));
    await page.goto(`${site.url}/?view=drift`);
    await page.getByRole("alert").waitFor();
    await page.unroute("**/graphql");
    await press("Try again");
    await page.getByRole("alert").waitFor({ state: "detached" });
    await expect.poll(readFocus).toBe("Drift");
  });

  test("is on the button as long as a failure is one", async () => {
    const { page } = browser();
    await page.route("**/graphql", (route) => route.fulfill({ status: 500, body: "broken" }));
    await page.goto(`${site.url}/?view=drift`);
    await page.getByRole("alert").waitFor();
    const answered = page.waitForResponse("**/graphql");
    await press("Try again");
    await answered;
    expect(await readFocus()).toBe("Try again");
    await page.unroute("**/graphql");
  });

  test("is on the first change that has come to the time line, which stays there meanwhile", async () => {
    const { page } = browser();
    await page.goto(`${site.url}/?view=vm&id=${id(1)}`);
    const changes = page.locator(".time-line ol > li");
    await changes.nth(19).waitFor();
    expect(await changes.count()).toBe(20);
    await page.route("**/graphql", async (route) => {
      expect(await changes.count()).toBe(20);
      await route.continue();
    });
    await press("Show older changes");
    await changes.nth(20).waitFor();
    await page.unroute("**/graphql");
    expect(await changes.nth(20).evaluate((row) => row.contains(document.activeElement))).toBe(true);
    expect(await page.getByRole("button", { name: "Show older changes" }).count()).toBe(0);
  });

  test("is on the first finding that has come to what does not fit", async () => {
    const { page } = browser();
    await page.goto(`${site.url}/?view=drift`);
    const rows = page.locator("table.nics tbody tr");
    await rows.nth(199).waitFor();
    await press("Show more of what does not fit");
    await rows.nth(200).waitFor();
    expect(await rows.nth(200).evaluate((row) => row.contains(document.activeElement))).toBe(true);
  });
});
