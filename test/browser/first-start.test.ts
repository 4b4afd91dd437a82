import { afterEach, expect, test } from "vitest";
import { HOST_A } from "../support/builders/ids.js";
import { findFaults } from "./support/find-faults.js";
import { describeInBrowser } from "./support/in-browser.js";
import { openSite, type Site } from "./support/site.js";

const WEB = { number: 1, name: "web", address: "10.0.0.1" };

describeInBrowser("the portal at a first start", (browser) => {
  let site: Site | null = null;

  afterEach(async () => {
    await browser().page.goto("about:blank");
    await site?.stop();
    site = null;
  });

  test("says on an empty database what to set, and names what tells more", async () => {
    const { page } = browser();
    site = await openSite({});
    await page.goto(`${site.url}/`);
    const note = page.getByRole("note").filter({ hasText: "No VM is known yet" });
    await note.getByText("VDSM_HOSTS").waitFor();
    await note.getByText("vnic-graph doctor").waitFor();
    expect(await findFaults(page)).toEqual([]);
    await page.goto(`${site.url}/?view=hosts`);
    await page.getByText("No host is polled. Set VDSM_HOSTS").waitFor();
    await page.goto(`${site.url}/?view=topology`);
    await page.getByText("0 VMs on 0 networks", { exact: true }).waitFor();
  });

  test("shows times in the reader's own zone and words", async () => {
    const { context } = browser();
    site = await openSite({ [HOST_A]: [WEB] });
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send("Emulation.setTimezoneOverride", { timezoneId: "Asia/Kathmandu" });
    await session.send("Emulation.setLocaleOverride", { locale: "de-DE" });
    await page.goto(`${site.url}/?view=hosts`);
    const time = page.locator("time").first();
    await time.waitFor();
    const at = new Date((await time.getAttribute("datetime")) ?? "");
    const format = new Intl.DateTimeFormat("de-DE", {
      dateStyle: "medium",
      timeStyle: "medium",
      timeZone: "Asia/Kathmandu",
    });
    expect(await time.getAttribute("title")).toBe(format.format(at));
    await page.close();
  });
});
