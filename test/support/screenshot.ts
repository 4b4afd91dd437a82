/** Writes docs/graphiql.png: GraphiQL of the demo with the answer of its first example. `npx tsx test/support/screenshot.ts` */
import { fileURLToPath } from "node:url";
import { findBrowser, openBrowser, runFirstExample } from "./browser.js";
import { startGatewayProcess, temporaryFolder } from "./gateway.js";

const executable = findBrowser();
if (executable === undefined) throw new Error("no Chromium in /usr/bin; install one");
const data = temporaryFolder();
const gateway = await startGatewayProcess({ DATA_DIR: data.path, REFRESH_INTERVAL: "1s" });
const browser = await openBrowser(executable);
const { page } = browser;
try {
  await page.goto(`${gateway.url}/graphiql`);
  await runFirstExample(page);
  await page.mouse.move(0, 0);
  const path = fileURLToPath(new URL("../../docs/graphiql.png", import.meta.url));
  await page.screenshot({ path, animations: "disabled" });
  console.log(path);
} finally {
  await browser.close();
  await gateway.stop();
  data.remove();
}
