/** Writes the pictures of docs: the pages of the demo. `npx tsx test/support/documents/screenshot.ts` */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import {
  findBrowser,
  GRAPHIQL_EXAMPLES,
  openBrowser,
  runFirstExample,
  runFurtherExample,
} from "../processes/browser.js";
import { startGatewayProcess, temporaryFolder } from "../processes/gateway.js";

const WIDE = { width: 1_280, height: 800 };
const MIDDLE = { width: 1_000, height: 640 };
const PHONE = { width: 360, height: 740 };

const executable = findBrowser();
if (executable === undefined) throw new Error("no Chromium in /usr/bin; install one");
const data = temporaryFolder();
const gateway = await startGatewayProcess({ DATA_DIR: data.path, REFRESH_INTERVAL: "1s" });
const browser = await openBrowser(executable);
const { page } = browser;
mkdirSync(formatPath("pictures"), { recursive: true });
try {
  await page.goto(`${gateway.url}/?q=10.1.2.3`);
  await page.locator("table.vms tbody tr").first().waitFor();
  await page.locator("table.vms tbody a").first().click();
  await page.locator("table.nics tbody tr").first().waitFor();
  await page.getByText("the VM docker-03 appeared").waitFor();
  const vm = new URL(page.url()).searchParams.get("id") ?? "";
  await page.screenshot({ path: formatPath("portal.png"), animations: "disabled" });
  await takeViews(page, {
    list: "/",
    vm: `/?view=vm&id=${vm}`,
    past: `/?view=vm&id=${vm}&at=${new Date().toISOString()}`,
    address: "/?view=address&of=10.1.2.3",
    topology: "/?view=topology",
    drift: "/?view=drift",
    conflicts: "/?view=conflicts",
    hosts: "/?view=hosts",
  });
  await takeExamples(page);
} finally {
  await browser.close();
  await gateway.stop();
  data.remove();
}

/** Takes a picture of each view in both themes, and one in the size of a telephone. */
async function takeViews(to: Page, views: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, path] of Object.entries(views)) {
    for (const [look, scheme, size] of [
      ["light", "light", MIDDLE],
      ["dark", "dark", MIDDLE],
      ["phone", "light", PHONE],
    ] as const) {
      await to.emulateMedia({ colorScheme: scheme });
      await to.setViewportSize(size);
      await to.goto(gateway.url + path);
      await to.locator("main section.view").waitFor();
      await to.locator("[aria-label=Loading]").waitFor({ state: "detached" });
      await to.waitForLoadState("networkidle");
      if (name === "topology") await to.locator(".network summary").first().click();
      await take(to, `${name}-${look}`);
    }
  }
}

/** Takes pictures of GraphiQL's examples. The first one is without its answer, the others are with it. */
async function takeExamples(to: Page): Promise<void> {
  await to.emulateMedia({ colorScheme: "light" });
  await to.setViewportSize(WIDE);
  await to.goto(`${gateway.url}/graphiql`);
  await runFirstExample(to);
  await to.mouse.move(0, 0);
  await to.screenshot({ path: formatPath("graphiql.png"), animations: "disabled" });
  await to.setViewportSize(MIDDLE);
  for (let example = 1; example < GRAPHIQL_EXAMPLES; example += 1) {
    await runFurtherExample(to, example);
    await to.mouse.move(0, 0);
    await take(to, `graphiql-${example + 1}`);
  }
}

async function take(from: Page, name: string): Promise<void> {
  const path = formatPath(`pictures/${name}.jpg`);
  await from.screenshot({ path, type: "jpeg", quality: 55, animations: "disabled" });
}

function formatPath(picture: string): string {
  return fileURLToPath(new URL(`../../../docs/${picture}`, import.meta.url));
}
