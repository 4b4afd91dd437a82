import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { watchBrowser } from "../support/processes/browser.js";
import { HOST_A, HOST_B, id, mac } from "../support/builders/ids.js";
import { findFaults } from "./support/find-faults.js";
import { setMedia } from "./support/set-media.js";
import { describeInBrowser } from "./support/in-browser.js";
import { openSite, type Site } from "./support/site.js";

const PREFIX = "/a/prefix";
const LONG = `a-name-of-eighty-characters-${"x".repeat(52)}`;
const ARABIC = "خادم-الويب";
const VMS = [
  { number: 1, name: "web", address: "10.0.0.1" },
  { number: 2, name: LONG, address: "10.0.0.2" },
  { number: 3, name: ARABIC, address: "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff" },
];

/** Every view by its address, and what it shows once it is there. */
const VIEWS = [
  ["the list", "/", "3 VMs"],
  ["a search", "/?q=10.0.0.&sort=HOST_DESC", "2 VMs"],
  ["a search that finds nothing", "/?q=nothing", "No VM is found."],
  ["a VM", `/?view=vm&id=${id(1)}`, "Time line"],
  ["a VM with a long name", `/?view=vm&id=${id(2)}`, "Time line"],
  ["a VM whose name is written from right to left", `/?view=vm&id=${id(3)}`, "Time line"],
  ["a VM that is gone", `/?view=vm&id=${id(99)}`, "There is no VM with the id"],
  ["a VM in the past", `/?view=vm&id=${id(1)}&at=2001-02-03T04:05:06.000Z`, "Nothing is known of that time"],
  ["an address", "/?view=address&of=10.0.0.1", "Who had"],
  ["a MAC", `/?view=address&of=${mac(2)}`, "What had the MAC"],
  ["what is no address", "/?view=address&of=we", "is neither an address nor a MAC"],
  ["the topology", "/?view=topology", "3 VMs on 1 network"],
  ["a network", "/?view=topology&network=ovirtmgmt", "Who can meet on ovirtmgmt"],
  ["drift", "/?view=drift", "Everything fits."],
  ["drift of a kind", "/?view=drift&kind=DEVICE_BOND", "Everything fits."],
  ["conflicts", "/?view=conflicts", "Each MAC is on one vNIC."],
  ["hosts", "/?view=hosts", "host-b.example.test"],
] as const;

describeInBrowser("every view of the portal, below a prefix", (browser) => {
  let site: Site;
  let watched: ReturnType<typeof watchBrowser>;

  beforeAll(async () => {
    site = await openSite({ [HOST_A]: VMS, [HOST_B]: [] }, { settings: { BASE_PATH: PREFIX } });
    watched = watchBrowser(browser());
  });
  afterAll(async () => {
    await browser().page.goto("about:blank");
    await site.stop();
  });

  const open = async (page: Page, path: string, text: string) => {
    const answer = await page.goto(site.url + PREFIX + path);
    await isThere(page, text);
    return answer;
  };
  const isThere = async (page: Page, text: string) => {
    await page.locator("main").getByText(text).first().waitFor();
    await page.locator("[aria-label=Loading]").waitFor({ state: "detached" });
  };

  test.each(VIEWS)(
    "%s: scripts of this server alone may run, and nothing else tries to",
    async (_view, path, text) => {
      const { page } = browser();
      const answer = await open(page, path, text);
      const policy = answer?.headers()["content-security-policy"] ?? "";
      const directives = new Map(policy.split(/;\s*/).map((each) => [each.split(" ")[0], each]));
      expect(directives.get("script-src")).toBe("script-src 'self'");
      expect(directives.get("default-src")).toMatch(/^default-src '(?:none|self)'$/);
      expect(watched.complaints).toEqual([]);
      expect(watched.requested.filter((url) => !url.startsWith(`${site.url}${PREFIX}/`))).toEqual([]);
    },
  );

  test.each(VIEWS)("%s: is the same when the page is loaded again", async (_view, path, text) => {
    const { page } = browser();
    await open(page, path, text);
    const { before, title } = { before: page.url(), title: await page.title() };
    await page.reload();
    await isThere(page, text);
    expect([page.url(), await page.title()]).toEqual([before, title]);
  });

  test.each(VIEWS)(
    "%s: has no fault that axe finds in either theme, and at 360 pixels nothing lies beside the screen",
    async (_view, path, text) => {
      const { page } = browser();
      await page.setViewportSize({ width: 360, height: 740 });
      await open(page, path, text);
      const wide = await page.evaluate(() =>
        [document.documentElement, ...document.querySelectorAll("main, main *")]
          .filter((each) => each.clientWidth > 0 && each.getBoundingClientRect().right > innerWidth + 1)
          .map((each) => each.outerHTML.slice(0, 200)),
      );
      expect(wide).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
      for (const colorScheme of ["light", "dark"] as const) {
        await setMedia(page, { colorScheme });
        expect(await findFaults(page)).toEqual([]);
      }
      await setMedia(page, { colorScheme: "light" });
      await page.setViewportSize({ width: 1_280, height: 800 });
    },
  );

  test.each(VIEWS)(
    "%s: is on paper without the bar, dark on light, and not cut",
    async (_view, path, text) => {
      const { page } = browser();
      await setMedia(page, { colorScheme: "dark" });
      await open(page, path, text);
      await setMedia(page, { colorScheme: "dark", media: "print" });
      expect(await page.locator("header.bar").isVisible()).toBe(false);
      expect(await page.locator("main").getByText(text).first().isVisible()).toBe(true);
      const cut = await page.evaluate(() =>
        [document.body, ...document.querySelectorAll("main, main section, main .table-scroller, main .wide")]
          .filter(
            (each) =>
              getComputedStyle(each).overflowY !== "visible" && each.scrollHeight > each.clientHeight + 1,
          )
          .map((each) => each.className),
      );
      expect(cut).toEqual([]);
      const [ink, paper] = await page.evaluate(() => {
        const { color, backgroundColor } = getComputedStyle(document.body);
        return [color, backgroundColor];
      });
      expect([readBrightness(ink) < 128, readBrightness(paper) > 200]).toEqual([true, true]);
      await setMedia(page, { colorScheme: "light", media: null });
    },
  );
});

/** Reads the mean of red, green and blue; what is transparent is paper. */
function readBrightness(color: string): number {
  const [red = 0, green = 0, blue = 0, alpha = 1] = (color.match(/[\d.]+/g) ?? []).map(Number);
  return alpha === 0 ? 255 : (red + green + blue) / 3;
}
