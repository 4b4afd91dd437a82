import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { HOST_A } from "../support/builders/ids.js";
import { eventually } from "../support/eventually.js";
import { findFaults } from "./support/find-faults.js";
import { setMedia } from "./support/set-media.js";
import { describeInBrowser } from "./support/in-browser.js";
import { startLoginIssuer, type LoginIssuer } from "./support/login-issuer.js";
import { openSite, type Site } from "./support/site.js";

const VMS = [
  { number: 1, name: "db", address: "10.0.0.1" },
  { number: 2, name: "web", address: "10.0.0.2" },
];

describeInBrowser("signing in to the portal at an OpenID Connect issuer", (browser) => {
  let issuer: LoginIssuer;
  let site: Site;

  beforeAll(async () => {
    issuer = await startLoginIssuer("vnic-graph");
    site = await openSite(
      { [HOST_A]: VMS },
      {
        settings: {
          OIDC_ISSUER: issuer.url,
          OIDC_AUDIENCE: "vnic-graph",
          OIDC_CLIENT_ID: "portal",
          OIDC_SCOPE: "openid vms",
          GRAPHIQL: "on",
        },
      },
    );
  });
  afterAll(async () => {
    await browser().page.goto("about:blank");
    await site.stop();
    await issuer.stop();
  });
  beforeEach(async () => {
    const { page } = browser();
    await page.goto(`${site.url}/`);
    await page.evaluate(() => {
      sessionStorage.clear();
    });
    issuer.redeemed.length = 0;
  });

  const button = () => browser().page.getByRole("button", { name: /^Sign in at 127\.0\.0\.1/ });

  async function signIn(path: string): Promise<void> {
    const { page } = browser();
    await page.goto(site.url + path);
    await button().click();
    await page.getByRole("link", { name: "Continue" }).click();
  }

  test("leads there and back by a code with PKCE, to what was shown, with nothing of it left in the address", async () => {
    const { page } = browser();
    await signIn("/?q=web");
    await page.getByText("1 VM", { exact: true }).waitFor();
    await page.getByRole("link", { name: "web", exact: true }).waitFor();
    expect(page.url()).toBe(`${site.url}/?q=web`);
    expect(issuer.redeemed).toEqual(["authorization_code 200"]);
    expect(Object.fromEntries(issuer.asked.at(-1)!)).toMatchObject({
      response_type: "code",
      client_id: "portal",
      redirect_uri: `${site.url}/`,
      scope: "openid vms",
      audience: "vnic-graph",
      code_challenge_method: "S256",
    });
    await page.reload();
    await page.getByText("1 VM", { exact: true }).waitFor();
    await page.getByRole("status").getByText("live", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await button().waitFor();
    expect(await button().evaluate((each) => each === document.activeElement)).toBe(true);
  });

  test.each(["light", "dark"] as const)(
    "has no fault that axe finds, in the %s theme",
    async (colorScheme) => {
      const { page } = browser();
      await setMedia(page, { colorScheme });
      await page.goto(`${site.url}/`);
      await button().waitFor();
      expect(await findFaults(page)).toEqual([]);
    },
  );

  test("takes no answer to a question that it did not ask, and redeems no such code", async () => {
    const { page } = browser();
    await page.goto(`${site.url}/?code=stolen&state=forged`);
    await button().waitFor();
    await button().click();
    await page.getByRole("link", { name: "Continue" }).waitFor();
    await page.goto(`${site.url}/?code=stolen&state=forged`);
    await page.getByText("The answer is not to this page's question.").waitFor();
    expect(page.url()).toBe(`${site.url}/`);
    expect(issuer.redeemed).toEqual([]);
  });

  test("says so when the issuer refuses, and lets one try again", async () => {
    const { page } = browser();
    await page.goto(`${site.url}/`);
    await button().click();
    await page.getByRole("link", { name: "Cancel" }).click();
    await page.getByText("The identity provider refused: access_denied.").waitFor();
    await signIn("/");
    await page.getByText("2 VMs", { exact: true }).waitFor();
  });

  test("renews the token before it ends, while the page goes on as it is", async () => {
    const { page } = browser();
    issuer.lifeS = 32;
    try {
      await signIn("/");
      await page.getByText("2 VMs", { exact: true }).waitFor();
      const readToken = () => page.evaluate(() => sessionStorage.getItem("vnic-graph.token"));
      const first = await readToken();
      await page.evaluate(() => {
        document.querySelector("table.vms")!.setAttribute("data-mark", "");
      });
      await eventually(async () => {
        expect(issuer.redeemed).toContain("refresh_token 200");
        expect(await readToken()).not.toBe(first);
      });
      await site.report({ [HOST_A]: [{ ...VMS[0]!, address: "10.0.0.11" }, VMS[1]!] });
      await page.getByText("10.0.0.11", { exact: true }).first().waitFor();
      expect(await page.locator("table.vms[data-mark]").count()).toBe(1);
    } finally {
      issuer.lifeS = 300;
    }
  });

  test("GraphiQL asks with the same token, and leads to the issuer and back where there is none", async () => {
    const { page } = browser();
    await page.goto(`${site.url}/graphiql`);
    await page.getByRole("link", { name: "Sign in without a token" }).click();
    await button().click();
    await page.getByRole("link", { name: "Continue" }).click();
    await page.waitForURL(`${site.url}/graphiql`);
    await page.locator(".graphiql-query-editor .view-line").nth(3).waitFor();
    await page.getByRole("button", { name: /execute query/i }).click();
    await page.locator(".result-window .view-lines").getByText("data").first().waitFor();
    expect(await page.locator("#sign-in").isVisible()).toBe(false);
  });
});
