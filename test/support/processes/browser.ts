import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { eventually } from "../eventually.js";
import { temporaryFolder } from "./gateway.js";

/**
 * Finds the Chromium of this machine at its usual paths; `undefined`: there is none. With `TEST_BROWSER=required`, a
 * missing browser fails the tests instead of skipping them.
 */
export function findBrowser(): string | undefined {
  const found = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) =>
    existsSync(path),
  );
  if (found === undefined && process.env["TEST_BROWSER"] === "required") {
    throw new Error("no Chromium in /usr/bin, and TEST_BROWSER=required; install Debian's package chromium");
  }
  return found;
}

/** Opens a page in a browser with a new profile, which opens no addresses by itself. */
export async function openBrowser(
  executablePath: string,
): Promise<{ readonly context: BrowserContext; readonly page: Page; close(): Promise<void> }> {
  const profile = temporaryFolder();
  const context = await chromium.launchPersistentContext(profile.path, {
    executablePath,
    headless: true,
    args: ARGUMENTS,
    viewport: { width: 1_280, height: 800 },
    // The first start of a browser on a busy machine takes long.
    timeout: 240_000,
  });
  // A slow or busy machine is not an error.
  context.setDefaultTimeout(240_000);
  return {
    context,
    page: context.pages()[0] ?? (await context.newPage()),
    close: async () => {
      await context.close();
      profile.remove();
    },
  };
}

/** Watches a browser: collects the addresses that it requests, and the errors of its pages. */
export function watchBrowser({ context, page }: { readonly context: BrowserContext; readonly page: Page }): {
  readonly requested: readonly string[];
  readonly complaints: readonly string[];
} {
  const requested: string[] = [];
  const complaints: string[] = [];
  context.on("request", (request) => requested.push(request.url()));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  return { requested, complaints };
}

/** Runs the first example of GraphiQL on an open page, when its editor is there. Resolves when the answer is shown. */
export async function runFirstExample(page: Page): Promise<string> {
  await page.locator(".graphiql-query-editor .view-line").nth(3).waitFor();
  return execute(page);
}

/** The number of tabs of GraphiQL. Each example has one. */
export const GRAPHIQL_EXAMPLES = readdirSync(
  fileURLToPath(new URL("../../../portal/examples", import.meta.url)),
).filter((name) => name.endsWith(".graphql")).length;

/** Runs another example of GraphiQL on an open page, by the position of its tab. Resolves when the answer is shown. */
export async function runFurtherExample(page: Page, place: number): Promise<string> {
  const tab = page.getByRole("tab").nth(place);
  await tab.click();
  await page
    .locator(".graphiql-query-editor")
    .getByText(await tab.innerText())
    .first()
    .waitFor();
  return execute(page);
}

/**
 * Executes the operation in the editor, again if no data come: for a moment GraphiQL sends the old operation, which is
 * refused.
 */
async function execute(page: Page): Promise<string> {
  const answer = page.locator(".result-window .view-lines");
  await eventually(async () => {
    await page.getByRole("button", { name: /execute query/i }).click();
    await answer
      .getByText(/"(?:data|errors)"/)
      .first()
      .waitFor({ timeout: 20_000 });
    await answer
      .getByText(/"data"/)
      .first()
      .waitFor({ timeout: 100 });
  });
  return answer.innerText();
}

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
