import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findBrowser, openBrowser, runFirstExample } from "../support/browser.js";
import { startGatewayProcess, temporaryFolder, type RunningGateway } from "../support/gateway.js";

const executable = findBrowser();
if (executable === undefined) console.warn("No Chromium in /usr/bin: GraphiQL is not tried in a browser.");

describe.skipIf(executable === undefined)("GraphiQL of the demo, in a real browser", () => {
  const data = temporaryFolder();
  const requested: string[] = [];
  const complaints: string[] = [];
  let gateway: RunningGateway;
  let browser: Awaited<ReturnType<typeof openBrowser>>;

  beforeAll(async () => {
    gateway = await startGatewayProcess({ DATA_DIR: data.path, REFRESH_INTERVAL: "1s" });
    browser = await openBrowser(executable!);
    browser.context.on("request", (request) => requested.push(request.url()));
    browser.page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    browser.page.on("pageerror", (error) => complaints.push(String(error)));
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
});
