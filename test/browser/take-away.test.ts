import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HOST_A, id, mac } from "../support/builders/ids.js";
import { eventually } from "../support/eventually.js";
import { findFaults } from "./support/find-faults.js";
import { setMedia } from "./support/set-media.js";
import { describeInBrowser } from "./support/in-browser.js";
import { openSite, type Site } from "./support/site.js";

const VMS = [
  { number: 1, name: "db", address: "10.0.0.1" },
  { number: 2, name: "web-1", address: "10.0.0.2" },
  { number: 3, name: "web-2", address: "10.0.0.3" },
];

describeInBrowser("what is taken away from the portal", (browser) => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite({ [HOST_A]: VMS }, { isOpen: false });
    await browser().context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const token = site.addToken({ name: "reader" });
    site.gateway.run.child.kill("SIGHUP");
    await eventually(async () => {
      expect((await site.gateway.ask(token, "{ __typename }")).status).toBe(200);
    });
    await browser().page.goto(`${site.url}/`);
    await browser().page.getByLabel("Token").fill(token);
    await browser().page.getByRole("button", { name: "Sign in" }).click();
    await browser().page.getByText("3 VMs", { exact: true }).waitFor();
  });
  afterAll(async () => {
    await browser().page.goto("about:blank");
    await site.stop();
  });

  const readClipboard = () => browser().page.evaluate(() => navigator.clipboard.readText());
  const saysCopied = (text: string) =>
    browser().page.getByRole("status", { name: "Clipboard" }).getByText(`Copied ${text}`).waitFor();

  test("one key copies an address: of the row that has the focus, or of the VM that is shown", async () => {
    const { page } = browser();
    await page.goto(`${site.url}/`);
    await page.getByRole("link", { name: "web-2", exact: true }).waitFor();
    await page.keyboard.press("y");
    await saysCopied("10.0.0.1");
    expect(await readClipboard()).toBe("10.0.0.1");
    for (const key of ["j", "j", "j", "k", "y"]) await page.keyboard.press(key);
    await saysCopied("10.0.0.2");
    expect(await readClipboard()).toBe("10.0.0.2");
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "web-2" }).waitFor();
    await page.keyboard.press("y");
    await saysCopied("10.0.0.3");
    await page.getByRole("link", { name: mac(3) }).focus();
    await page.keyboard.press("y");
    await saysCopied(mac(3));
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).getByText("copy the address").waitFor();
    await page.keyboard.press("Escape");
  });

  test("it also copies where plain http leaves the browser without a clipboard of its own", async () => {
    const { page } = browser();
    await page.goto(`${site.url}/?view=vm&id=${id(2)}`);
    await page.getByRole("heading", { name: "web-1" }).waitFor();
    await page.evaluate(() => {
      Object.defineProperty(navigator, "clipboard", { value: undefined, configurable: true });
    });
    await page.getByRole("button", { name: "Copy 10.0.0.2" }).first().click();
    await saysCopied("10.0.0.2");
    await page.evaluate(() => Reflect.deleteProperty(navigator, "clipboard"));
    expect(await readClipboard()).toBe("10.0.0.2");
  });

  test("says so where the browser lets nothing be copied, and claims nothing else", async () => {
    const { page } = browser();
    await page.goto(`${site.url}/?q=web-1`);
    await page.locator("table.vms tbody tr").first().waitFor();
    await page.evaluate(() => {
      const writeText = () => Promise.reject(new Error("not allowed"));
      Object.defineProperty(navigator, "clipboard", { value: { writeText } });
      Reflect.set(document, "execCommand", () => false);
    });
    await page
      .getByRole("button", { name: /^Copy / })
      .first()
      .click();
    await page
      .getByRole("status", { name: "Clipboard" })
      .getByText(/^The browser does not let .* be copied/)
      .waitFor();
    expect(await page.getByTitle("Copied").count()).toBe(0);
  });

  test("exports what is shown, with the token that signed in, in each format", async () => {
    const { page } = browser();
    await page.goto(`${site.url}/?q=web`);
    await page.getByText("2 VMs", { exact: true }).waitFor();
    await page.getByText("Export what is shown").click();
    const links = page.locator(".export a");
    expect(await links.count()).toBe(8);
    for (const colorScheme of ["light", "dark"] as const) {
      await setMedia(page, { colorScheme });
      expect(await findFaults(page)).toEqual([]);
    }
    for (let at = 0; at < 8; at += 1) {
      const [file] = await Promise.all([page.waitForEvent("download"), links.nth(at).click()]);
      const text = await readFile(await file.path(), "utf8");
      expect(file.suggestedFilename()).toMatch(/^vms-[a-z-]+\.\w+$/);
      expect([file.suggestedFilename(), text]).toEqual([
        file.suggestedFilename(),
        expect.stringMatching(/10\.0\.0\.2[^]*10\.0\.0\.3/),
      ]);
      expect(text).not.toMatch(/10\.0\.0\.1\b/);
    }
  });
});
