import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe } from "vitest";
import { findBrowser, openBrowser } from "../../support/processes/browser.js";

/** A browser of a test file's own, open while its tests run. */
export interface TestBrowser {
  readonly page: Page;
  readonly context: BrowserContext;
}

/** Describes what is tried in a real browser. Without one it is skipped, and says so. */
export function describeInBrowser(name: string, define: (browser: () => TestBrowser) => void): void {
  const executable = findBrowser();
  if (executable === undefined) console.warn(`No Chromium in /usr/bin: not tried in a browser: ${name}.`);
  describe.skipIf(executable === undefined)(name, () => {
    let browser: Awaited<ReturnType<typeof openBrowser>>;
    beforeAll(async () => {
      browser = await openBrowser(executable!);
    });
    afterAll(() => browser.close());
    define(() => browser);
  });
}
