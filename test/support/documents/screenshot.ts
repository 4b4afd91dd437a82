/** Writes docs/portal.png and docs/graphiql.png: the pages of the demo. `npx tsx test/support/documents/screenshot.ts` */
import { fileURLToPath } from "node:url";
import { findBrowser, openBrowser, runFirstExample } from "../browser.js";
import { startGatewayProcess, temporaryFolder } from "../gateway.js";

const executable = findBrowser();
if (executable === undefined) throw new Error("no Chromium in /usr/bin; install one");
const data = temporaryFolder();
const gateway = await startGatewayProcess({ DATA_DIR: data.path, REFRESH_INTERVAL: "1s" });
const browser = await openBrowser(executable);
const { page } = browser;
try {
  await page.goto(`${gateway.url}/?q=10.1.2.3`);
  await page.locator("table.vms tbody tr").first().waitFor();
  await page.locator("table.vms tbody a").first().click();
  await page.locator("table.nics tbody tr").first().waitFor();
  await page.screenshot({ path: formatPath("portal.png"), animations: "disabled" });
  await page.goto(`${gateway.url}/graphiql`);
  await runFirstExample(page);
  await page.mouse.move(0, 0);
  await page.screenshot({ path: formatPath("graphiql.png"), animations: "disabled" });
} finally {
  await browser.close();
  await gateway.stop();
  data.remove();
}

function formatPath(picture: string): string {
  return fileURLToPath(new URL(`../../../docs/${picture}`, import.meta.url));
}
