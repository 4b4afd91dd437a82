import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTwoSources } from "../graph/support/two-sources.js";
import { createToken } from "../../src/server/identity/token-lines.js";
import {
  findBrowser,
  GRAPHIQL_EXAMPLES,
  openBrowser,
  runFirstExample,
  runFurtherExample,
  watchBrowser,
} from "../support/processes/browser.js";
import { startGatewayProcess, temporaryFolder, type RunningGateway } from "../support/processes/gateway.js";

/** History, who had an address, what changed last, VMs on two hosts. */
const EXAMPLES_NOT_OF_AN_ENGINE = 4;

const executable = findBrowser();
if (executable === undefined) console.warn("No Chromium in /usr/bin: GraphiQL is not tried in a browser.");

describe.skipIf(executable === undefined)("GraphiQL of the demo, in a real browser", () => {
  const data = temporaryFolder();
  let requested: readonly string[];
  let complaints: readonly string[];
  let gateway: RunningGateway;
  let browser: Awaited<ReturnType<typeof openBrowser>>;

  beforeAll(async () => {
    gateway = await startGatewayProcess({ DATA_DIR: data.path, REFRESH_INTERVAL: "1s" });
    browser = await openBrowser(executable!);
    ({ requested, complaints } = watchBrowser(browser));
  });

  afterAll(async () => {
    await browser.close();
    await gateway.stop();
    data.remove();
  });

  test("opens at /graphiql, under its content security policy", async () => {
    const answer = await browser.page.goto(`${gateway.url}/graphiql`);
    expect(answer?.headers()["content-security-policy"]).toMatch(/^default-src 'none'; script-src 'self';/);
  });

  test("runs the first example and shows what guests report", async () => {
    const answer = await runFirstExample(browser.page);
    expect(answer).toMatch(/"nodes"/);
    expect(answer, "somebody has 10.1.2.3").toMatch(/docker-03/);
    expect(answer).not.toMatch(/"errors"/);
  });

  test("knows the schema: its documentation has our types", async () => {
    await browser.page
      .getByRole("button", { name: /documentation explorer/i })
      .first()
      .click();
    await browser.page.locator(".graphiql-doc-explorer").getByText("Query").first().waitFor();
  });

  test("has asked nobody but us, and complained of nothing", () => {
    const elsewhere = requested.filter(
      (url) => !url.startsWith(`${gateway.url}/`) && !/^(data|blob):/.test(url),
    );
    expect(elsewhere).toEqual([]);
    expect(requested.filter((url) => url === `${gateway.url}/graphql`).length).toBeGreaterThan(1);
    expect(complaints).toEqual([]);
  });

  test("runs each further example, in a tab of its own", async () => {
    for (let place = 1; place < GRAPHIQL_EXAMPLES; place += 1) {
      expect(await runFurtherExample(browser.page, place)).not.toMatch(/"errors"/);
    }
    expect(await browser.page.getByRole("tab").count()).toBe(GRAPHIQL_EXAMPLES);
  });
});

describe.skipIf(executable === undefined)("GraphiQL, in a real browser", () => {
  const folder = temporaryFolder();
  afterAll(() => {
    folder.remove();
  });

  test("asks for a token where identity is on, and can be used on a screen of 360 px", async () => {
    const { token, line } = createToken({ name: "tester", roles: ["reader"], expiresAt: null });
    const tokensFile = join(folder.path, "tokens");
    writeFileSync(tokensFile, line);
    const gateway = await startGatewayProcess({
      DATA_DIR: join(folder.path, "data"),
      AUTH_TOKENS_FILE: tokensFile,
      GRAPHIQL: "on",
      REFRESH_INTERVAL: "1s",
    });
    const browser = await openBrowser(executable!);
    try {
      const { page } = browser;
      await page.setViewportSize({ width: 360, height: 740 });
      await page.goto(`${gateway.url}/graphiql`);
      await page.getByText("Paste a token from its operator").waitFor();
      await page.locator("#token").fill(token);
      await page.getByRole("button", { name: "Sign in" }).click();
      expect(await runFirstExample(page)).toMatch(/"data"/);
      const [query, answer] = await Promise.all(
        [".graphiql-query-editor", ".graphiql-response"].map((each) => page.locator(each).boundingBox()),
      );
      for (const box of [query!, answer!]) expect(box.width).toBeGreaterThan(250);
      expect(answer!.y).toBeGreaterThanOrEqual(query!.y + query!.height);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
    } finally {
      await browser.close();
      await gateway.stop();
    }
  });

  test("of an engine has only examples that it answers", async () => {
    const both = await createTwoSources();
    const gateway = await startGatewayProcess({ SOURCE: "engine", DATABASE_URL: both.engine.url });
    const browser = await openBrowser(executable!);
    try {
      const { page } = browser;
      await page.goto(`${gateway.url}/graphiql`);
      expect(await runFirstExample(page)).not.toMatch(/"errors"/);
      const tabs = await page.getByRole("tab").count();
      expect(tabs).toBe(GRAPHIQL_EXAMPLES - EXAMPLES_NOT_OF_AN_ENGINE);
      for (let place = 1; place < tabs; place += 1) {
        expect(await runFurtherExample(page, place)).not.toMatch(/"errors"/);
      }
    } finally {
      await browser.close();
      await gateway.stop();
      await both.drop();
    }
  });

  test("of a gateway that contributes has tabs that work", async () => {
    const gateway = await startGatewayProcess({
      DATA_DIR: join(folder.path, "more"),
      FEDERATION: "contribute",
      FEDERATION_ENTITIES: "Vm=VirtualMachine.uuid",
      REFRESH_INTERVAL: "1s",
    });
    const browser = await openBrowser(executable!);
    try {
      await browser.page.goto(`${gateway.url}/graphiql`);
      const answer = await runFirstExample(browser.page);
      expect(answer).toMatch(/"sdl"/);
      expect(answer).not.toMatch(/"errors"/);
      // The second one asks by the names that the owner's graph has.
      const entities = await runFurtherExample(browser.page, 1);
      expect(await browser.page.locator(".graphiql-query-editor").innerText()).toContain("VirtualMachine");
      expect(entities).toMatch(/"_entities"/);
      expect(entities).not.toMatch(/"errors"/);
    } finally {
      await browser.close();
      await gateway.stop();
    }
  });
});
