import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HOST_A, HOST_B, id } from "../support/builders/ids.js";
import { eventually } from "../support/eventually.js";
import { findFaults } from "./support/find-faults.js";
import { describeInBrowser } from "./support/in-browser.js";
import { openSite, type Site } from "./support/site.js";

/** `hidden-db` is out of the scoped token's sight, and shares an address and a network with what is in it. */
const VMS = {
  [HOST_A]: [
    { number: 1, name: "web-1", address: "10.1.0.1" },
    { number: 2, name: "web-2", address: "10.1.0.9" },
  ],
  [HOST_B]: [{ number: 3, name: "hidden-db", address: "10.1.0.9" }],
};

describeInBrowser("signing in to the portal with a token", (browser) => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite(VMS, { isOpen: false });
  });
  afterAll(async () => {
    await browser().page.goto("about:blank");
    await site.stop();
  });

  /** The gateway reads its file of tokens again; resolves when this one counts, or counts no more. */
  async function reload(token: string, status: number): Promise<void> {
    site.gateway.run.child.kill("SIGHUP");
    await eventually(async () => {
      expect((await site.gateway.ask(token, "{ __typename }")).status).toBe(status);
    });
  }

  async function signIn(token: string): Promise<void> {
    const { page } = browser();
    await page.goto(`${site.url}/`);
    const signOut = page.getByRole("button", { name: "Sign out" });
    await page.getByRole("heading", { name: "Sign in" }).or(signOut).first().waitFor();
    if (await signOut.isVisible()) await signOut.click();
    await page.getByLabel("Token").fill(token);
    await page.getByRole("button", { name: "Sign in" }).click();
  }

  test("refuses a wrong and an expired one in words, and shows the VMs for a good one, until signed out", async () => {
    const { page } = browser();
    const good = site.addToken({ name: "good" });
    const expired = site.addToken({ name: "expired", expiresAt: new Date("2020-01-01") });
    await reload(good, 200);
    await page.goto(`${site.url}/`);
    await page.getByText("This server wants to know who asks").waitFor();
    expect(await page.getByText("not valid here").count()).toBe(0);
    expect(await page.getByLabel("Token").evaluate((field) => field === document.activeElement)).toBe(true);
    for (const token of ["vg_wrong", expired]) {
      await signIn(token);
      await page.getByText("This token is not valid here, or it has expired.").waitFor();
    }
    await signIn(good);
    await page.getByText("3 VMs", { exact: true }).waitFor();
    await page.reload();
    await page.getByText("3 VMs", { exact: true }).waitFor();
    expect(page.url()).not.toContain(good);
    expect(
      await page.evaluate(() => JSON.stringify(Object.entries(localStorage)) + document.cookie),
    ).not.toContain(good);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    expect(await page.getByText("web-1").count()).toBe(0);
  });

  test("asks again when the token is withdrawn while the page is shown, without being loaded again", async () => {
    const { page } = browser();
    const token = site.addToken({ name: "leaving" });
    await reload(token, 200);
    await signIn(token);
    await page.getByRole("status").getByText("live", { exact: true }).waitFor();
    await page.evaluate(() => void Reflect.set(globalThis, "isMarked", true));
    const kept = readFileSync(site.tokensFile, "utf8")
      .split("\n")
      .filter((line) => !line.includes('"leaving"'));
    writeFileSync(site.tokensFile, kept.join("\n"));
    await reload(token, 401);
    await page.getByText("This token is not valid here, or it has expired.").waitFor();
    expect(await page.getByText("web-1").count()).toBe(0);
    expect(await page.getByLabel("Token").evaluate((field) => field === document.activeElement)).toBe(true);
    expect(await page.evaluate(() => Reflect.get(globalThis, "isMarked"))).toBe(true);
  });

  test("whoever may not refresh hosts is refused once, in words, and not invited again", async () => {
    const { page } = browser();
    const token = site.addToken({ name: "reader" });
    await reload(token, 200);
    await signIn(token);
    await page.getByText("3 VMs", { exact: true }).waitFor();
    await page.keyboard.press("h");
    const buttons = page.getByRole("button", { name: /^Refresh now/ });
    await buttons.first().focus();
    await page.keyboard.press("Enter");
    await page.getByText("You may not refresh hosts").waitFor();
    expect(await page.getByRole("button", { name: /^Refresh now/, disabled: true }).count()).toBe(2);
    expect(await buttons.first().evaluate((each) => each === document.activeElement)).toBe(true);
    expect(await findFaults(page)).toEqual([]);
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.postData() ?? ""));
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    expect(await buttons.last().evaluate((each) => each === document.activeElement)).toBe(true);
    await page.keyboard.press("Enter");
    await page.keyboard.press("g");
    await page.keyboard.press("h");
    await page.getByText("needs the role operator").waitFor();
    expect(await page.getByRole("button", { name: /^Refresh now/, disabled: false }).count()).toBe(0);
    expect(asked.filter((text) => text.includes("PortalRefreshHost"))).toEqual([]);
    const other = site.addToken({ name: "another" });
    await reload(other, 200);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Token").fill(other);
    await page.getByRole("button", { name: "Sign in" }).click();
    await buttons.first().waitFor();
    expect(await page.getByRole("button", { name: /^Refresh now/, disabled: true }).count()).toBe(0);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
  });

  test("with a scope: other VMs are nowhere, on no view and in no answer", async () => {
    const { page } = browser();
    const scope = { namePatterns: ["web-*"], hostIds: [], vmIds: [] };
    const token = site.addToken({ name: "scoped", scope });
    await reload(token, 200);
    const answers: Promise<string>[] = [];
    page.on("response", (response) => {
      if (response.url().includes("/graphql")) answers.push(response.text().catch(() => ""));
    });
    page.on("websocket", (socket) => {
      socket.on("framereceived", ({ payload }) => answers.push(Promise.resolve(String(payload))));
    });
    await signIn(token);
    await page.getByText("2 VMs", { exact: true }).waitFor();
    const seen: string[] = [];
    for (const [path, text] of [
      ["/", "2 VMs"],
      ["/?q=10.1.0.9", "1 VM"],
      ["/?q=hidden", "No VM is found."],
      [`/?view=vm&id=${id(2)}`, "Time line"],
      [`/?view=vm&id=${id(3)}`, "There is no VM with the id"],
      ["/?view=address&of=10.1.0.9", "web-2"],
      ["/?view=drift", "Everything fits."],
      ["/?view=conflicts", "Each MAC is on one vNIC."],
      ["/?view=topology", "2 VMs on 1 network"],
      ["/?view=topology&network=ovirtmgmt", "web-2"],
      ["/?view=hosts", "host-b"],
    ] as const) {
      await page.goto(site.url + path);
      await page
        .getByText(text, { exact: text.endsWith("VM") })
        .first()
        .waitFor();
      await page.locator("[aria-label=Loading]").waitFor({ state: "detached" });
      seen.push(await page.locator("body").innerText());
    }
    const told = [...seen, ...(await Promise.all(answers))];
    expect(told.filter((text) => text.includes("web-2")).length).toBeGreaterThan(3);
    expect(told.filter((text) => text.includes("hidden-db"))).toEqual([]);
  });
});
