import { chromium, type Browser, type Page } from "playwright-core";
import { findBrowser } from "../test/support/processes/browser.js";
import { temporaryFolder } from "../test/support/processes/gateway.js";
import { runVnicGraph } from "../test/support/processes/process.js";
import { formatTable } from "../src/commands/table.js";
import { openDatabase } from "./support/database.js";
import { computeMedian } from "./support/median.js";
import { fillReadFleet } from "./reads/fleet.js";

/**
 * Measures the portal's list of VMs in a real browser, on a built gateway: the time until something, and until rows,
 * are on the screen, and the time from a key in the search box to the screen, after all rows were read.
 */
export async function benchPortal({
  vms,
  rounds,
}: {
  readonly vms: number;
  readonly rounds: number;
}): Promise<void> {
  const executablePath = findBrowser();
  if (executablePath === undefined) throw new Error("no Chromium in /usr/bin; install Debian's chromium");
  const database = await openDatabase();
  const folder = temporaryFolder();
  try {
    await fillReadFleet(database.client, vms);
    const run = runVnicGraph(
      ["start"],
      { PORT: "0", DATABASE_URL: database.url, DATA_DIR: folder.path, REFRESH_INTERVAL: "off" },
      ["dist/src/main.js"],
    );
    const [, url = ""] = await run.says(/GraphQL: (http:\S+)\/graphql/);
    const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
    try {
      await report(browser, url, { vms, rounds });
    } finally {
      await browser.close();
      run.child.kill("SIGTERM");
      await run.ended;
    }
  } finally {
    await database.close();
    folder.remove();
  }
}

async function report(
  browser: Browser,
  url: string,
  { vms, rounds }: { readonly vms: number; readonly rounds: number },
): Promise<void> {
  const loads: Load[] = [];
  for (let round = 0; round <= rounds; round += 1) loads.push(await measureLoad(browser, url));
  const [first, ...others] = loads as [Load, ...Load[]];
  const keys = await measureKeys(browser, url, rounds * 4);
  const row = (name: string, start: number | null, times: readonly number[]) => [
    name,
    start === null ? "" : start.toFixed(0),
    computeMedian(times).toFixed(0),
    Math.max(...times).toFixed(0),
  ];
  console.log(`${vms} VMs, Chromium ${browser.version()}; ms`);
  console.log(
    formatTable(
      ["what", "browser just started", "median", "longest"],
      [
        row(
          "first paint",
          first.paintMs,
          others.map(({ paintMs }) => paintMs),
        ),
        row(
          "first rows",
          first.rowsMs,
          others.map(({ rowsMs }) => rowsMs),
        ),
        row("a key until it is on the screen", null, keys),
      ],
    ),
  );
}

interface Load {
  readonly paintMs: number;
  readonly rowsMs: number;
}

/** Opens the list in a context without a cache, as on a first visit. */
async function measureLoad(browser: Browser, url: string): Promise<Load> {
  const context = await browser.newContext({ viewport: { width: 1_280, height: 800 } });
  const page = await context.newPage();
  await page.addInitScript(() => {
    const watch = new MutationObserver(() => {
      if (document.querySelector("table.vms tbody tr a") === null) return;
      watch.disconnect();
      requestAnimationFrame(() => performance.mark("rows"));
    });
    watch.observe(document, { childList: true, subtree: true });
  });
  await page.goto(url);
  await page.locator("table.vms tbody tr a").first().waitFor();
  await page.waitForFunction(() => performance.getEntriesByName("rows").length > 0);
  const load = await page.evaluate(() => ({
    paintMs: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN,
    rowsMs: performance.getEntriesByName("rows")[0]?.startTime ?? NaN,
  }));
  await context.close();
  return load;
}

/**
 * Types into the search box, and measures the time from each key to the second frame after it. That frame certainly
 * shows the key.
 */
async function measureKeys(browser: Browser, url: string, count: number): Promise<number[]> {
  const context = await browser.newContext({ viewport: { width: 1_280, height: 800 } });
  const page = await context.newPage();
  await page.goto(url);
  await page.locator("table.vms tbody tr a").first().waitFor();
  await readAllRows(page);
  await page.evaluate(() => {
    addEventListener(
      "keydown",
      ({ timeStamp }) => {
        requestAnimationFrame(() =>
          requestAnimationFrame(() =>
            performance.measure("key", { start: timeStamp, end: performance.now() }),
          ),
        );
      },
      { capture: true },
    );
  });
  await page.locator("#search").focus();
  for (let key = 0; key < count; key += 1) {
    await page.keyboard.press(key % 8 < 4 ? "v" : "Backspace");
    await page.waitForFunction((keys) => performance.getEntriesByName("key").length > keys, key);
  }
  const times = await page.evaluate(() =>
    performance.getEntriesByName("key").map(({ duration }) => duration),
  );
  await context.close();
  return times;
}

async function readAllRows(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const scroller = document.querySelector(".table-scroller");
    const table = scroller?.querySelector("table");
    if (scroller == null || table == null) throw new Error("there is no list of VMs");
    for (let stood = 0; stood < 60;) {
      const before = scroller.scrollTop;
      scroller.scrollTop += scroller.clientHeight;
      await new Promise((resolve) => requestAnimationFrame(resolve));
      stood = scroller.scrollTop === before && table.getAttribute("aria-busy") === "false" ? stood + 1 : 0;
    }
    scroller.scrollTop = 0;
  });
}
