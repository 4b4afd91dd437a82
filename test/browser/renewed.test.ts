import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HOST_A } from "../support/builders/ids.js";
import { describeInBrowser } from "./support/in-browser.js";
import { openSite, type Site } from "./support/site.js";

const VMS = [{ number: 1, name: "web", address: "10.0.0.1" }];

/** The addresses of pages, without those of what they are made of. */
const PAGES = /\/(?:\?.*)?$/;

describeInBrowser("a page of the portal that an older build has sent", (browser) => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite({ [HOST_A]: VMS });
  });
  afterAll(async () => {
    await browser().page.goto("about:blank");
    await site.stop();
  });

  /** From now on pages name their script as another build would: a path that leads to the same file. */
  async function serveBuild(page: Page, path: string): Promise<void> {
    await page.unroute(PAGES);
    await page.route(PAGES, async (route) => {
      const answer = await route.fetch();
      const body = (await answer.text()).replace(/(?<=<script [^>]*src=")\.\/assets\//, path);
      await route.fulfill({ response: answer, body });
    });
  }

  const isOld = (page: Page) => page.locator('script[src^="./assets/./"]').count();

  /** Opens a page of the older build. From then on the server has the present one. */
  async function openOld(): Promise<Page> {
    const { page } = browser();
    await page.goto(`${site.url}/healthz`);
    await page.evaluate(() => {
      sessionStorage.clear();
    });
    await serveBuild(page, "./assets/./");
    await page.goto(site.url);
    await page.getByText("1 VM", { exact: true }).waitFor();
    expect(await isOld(page)).toBe(1);
    await page.unroute(PAGES);
    return page;
  }

  /** The server knows none of the questions that the old page asks; `all`: nor those of the new one. */
  async function forgetQuestions(page: Page, { all = false } = {}): Promise<void> {
    await page.route("**/graphql", async (route) => {
      if (!all && (await isOld(page)) === 0) return route.continue();
      const extensions = { persistedQuery: { version: 1, sha256Hash: "0".repeat(64) } };
      const body = route.request().postDataJSON() as object;
      return route.continue({ postData: JSON.stringify({ ...body, extensions }) });
    });
  }

  test("is loaded again by itself where a view's file is not there any more, and shows that view", async () => {
    const { page } = browser();
    await page.route(/\/assets\/hosts-view/, async (route) =>
      (await isOld(page)) > 0 ? route.fulfill({ status: 404, body: "no such file" }) : route.continue(),
    );
    await openOld();
    await page.keyboard.press("h");
    await page.getByText("host-a.example.test").first().waitFor();
    expect([await isOld(page), new URL(page.url()).search]).toEqual([0, "?view=hosts"]);
    await page.unroute(/\/assets\/hosts-view/);
  });

  test("is loaded again by itself where the server does not know its questions any more", async () => {
    const page = await openOld();
    await forgetQuestions(page);
    await page.getByLabel("Find VMs").fill("we");
    await page.locator('script[src^="./assets/./"]').waitFor({ state: "detached" });
    await page.getByText("1 VM", { exact: true }).waitFor();
    expect([await isOld(page), new URL(page.url()).search]).toEqual([0, "?q=we"]);
    await page.unroute("**/graphql");
  });

  test("is not loaded again and again while old and new servers answer in turn: it says why, and asks until it is answered", async () => {
    const page = await openOld();
    let loads = 0;
    page.on("load", () => {
      loads += 1;
    });
    await forgetQuestions(page, { all: true });
    await page.getByLabel("Find VMs").fill("we");
    await page.locator('script[src^="./assets/./"]').waitFor({ state: "detached" });
    await serveBuild(page, "./assets/././");
    await page.getByRole("alert").getByText("The server has another version of this page.").waitFor();
    await page.unroute("**/graphql");
    await page.getByText("1 VM", { exact: true }).waitFor();
    expect(loads).toBe(1);
    await page.unroute(PAGES);
  });
});
