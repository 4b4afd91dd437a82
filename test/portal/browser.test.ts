import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findFaults } from "../browser/support/find-faults.js";
import { findBrowser, openBrowser } from "../support/processes/browser.js";
import { startGatewayProcess, temporaryFolder, type RunningGateway } from "../support/processes/gateway.js";

const executable = findBrowser();
if (executable === undefined) console.warn("No Chromium in /usr/bin: the portal is not tried in a browser.");

describe.skipIf(executable === undefined)("the portal of the demo, in a real browser", () => {
  const data = temporaryFolder();
  const requested: string[] = [];
  const complaints: string[] = [];
  let gateway: RunningGateway;
  let browser: Awaited<ReturnType<typeof openBrowser>>;

  /** A running VM of the demo with an address of its own. */
  let vm: { id: string; name: string; ip: string; mac: string };

  beforeAll(async () => {
    gateway = await startGatewayProcess({ DATA_DIR: data.path, REFRESH_INTERVAL: "2s" });
    const { data: answer } = await gateway.ask(
      null,
      "{ vms(first: 200) { nodes { id name status guestInfo { ips } nics { macAddress guestInterface { ipv4Addresses } } } } }",
    );
    const { nodes } = (answer as { vms: { nodes: DemoVm[] } }).vms;
    const found = nodes.find(
      (each) => each.status === "UP" && each.nics[0]?.guestInterface?.ipv4Addresses.length,
    );
    const [nic] = found!.nics;
    vm = {
      id: found!.id,
      name: found!.name,
      ip: nic!.guestInterface!.ipv4Addresses[0]!,
      mac: nic!.macAddress,
    };
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

  test("finds a VM by its address, and a link shows the same again", async () => {
    const { page } = browser;
    await page.goto(`${gateway.url}/`);
    await page.getByLabel("Find VMs").fill(vm.ip);
    await page.getByRole("link", { name: vm.name, exact: true }).waitFor();
    await page.getByText("1 VM", { exact: true }).waitFor();
    await page.goto(page.url());
    await page.getByRole("link", { name: vm.name, exact: true }).waitFor();
    await page.getByText("This is a demonstration").waitFor();
    expect(await page.locator("table.vms tbody tr").count()).toBe(1);
  });

  test("finds a VM by its MAC in another spelling", async () => {
    const { page } = browser;
    await page.goto(`${gateway.url}/`);
    await page.getByLabel("Find VMs").fill(vm.mac.toUpperCase().replaceAll(":", "-"));
    await page.getByText("1 VM", { exact: true }).waitFor();
    await page.getByRole("link", { name: vm.name, exact: true }).waitFor();
  });

  test("finds the VMs of a prefix", async () => {
    const { page } = browser;
    await page.goto(`${gateway.url}/`);
    await page.getByLabel("Find VMs").fill(`${vm.ip}/32`);
    await page.getByText("1 VM", { exact: true }).waitFor();
    await page.getByRole("link", { name: vm.name, exact: true }).waitFor();
  });

  test("says so where nothing is found", async () => {
    const { page } = browser;
    await page.goto(`${gateway.url}/?q=no-such-vm`);
    await page.getByText("No VM is found.").waitFor();
  });

  test("shows a VM's vNIC beside the guest's interface with its MAC", async () => {
    const { page } = browser;
    await page.goto(`${gateway.url}/?view=vm&id=${vm.id}`);
    const row = page.locator("table.nics tbody tr").filter({ hasText: vm.mac });
    await row.getByText(vm.ip, { exact: true }).waitFor();
  });

  test("tells that a VM does not exist", async () => {
    const { page } = browser;
    await page.goto(`${gateway.url}/?view=vm&id=00000000-0000-4000-8000-000000000000`);
    await page.getByText("There is no VM with the id").waitFor();
  });

  test("works by keyboard alone: search, open, go to the hosts, show the keys", async () => {
    const { page } = browser;
    await page.goto(`${gateway.url}/`);
    await page.locator("table.vms tbody tr").first().waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type(vm.ip);
    await page.getByText("1 VM", { exact: true }).waitFor();
    const link = page.getByRole("link", { name: vm.name, exact: true });
    for (
      let presses = 0;
      presses < 10 && !(await link.evaluate((each) => each === document.activeElement));
      presses++
    ) {
      await page.keyboard.press("Tab");
    }
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: vm.name }).waitFor();
    await page.keyboard.press("h");
    await page.getByRole("heading", { name: "Hosts" }).waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog", { name: "Keys" }).waitFor({ state: "hidden" });
  });

  test("lists what does not fit, by kind, and leads to the VM", async () => {
    const { page } = browser;
    await page.goto(`${gateway.url}/?view=drift`);
    await page.getByText(/in all|The first/).waitFor();
    await page.getByRole("combobox", { name: "Show" }).selectOption("DEVICE_CONTAINER");
    await page.getByRole("cell", { name: "an interface of containers or inner VMs" }).first().waitFor();
    // The rows of all kinds stay until the answer is there.
    await page
      .getByRole("cell", { name: "a vNIC that the guest does not show" })
      .first()
      .waitFor({ state: "detached" });
    expect(page.url()).toContain("kind=DEVICE_CONTAINER");
    await page.locator("table.nics tbody tr").first().getByRole("link").first().click();
    await page.getByRole("heading", { name: "Network interfaces" }).waitFor();
  });

  test("says what conflicts there are, or that there are none", async () => {
    const { page } = browser;
    await page.goto(`${gateway.url}/`);
    await page.getByRole("link", { name: "Conflicts" }).click();
    await page.getByRole("heading", { name: /Addresses of several VMs \(\d+\)/ }).waitFor();
    await page.getByRole("heading", { name: /MACs of several vNICs \(\d+\)/ }).waitFor();
  });

  test("refreshes a host at once", async () => {
    const { page } = browser;
    await page.goto(`${gateway.url}/?view=hosts`);
    await page.getByText(", and each time since").first().waitFor();
    await page
      .getByRole("button", { name: /^Refresh now/ })
      .first()
      .click();
    await page
      .getByRole("row")
      .filter({ hasText: /now|second/ })
      .first()
      .waitFor();
  });

  test.each(["light", "dark"] as const)(
    "has no fault that axe finds at level AA, in the %s theme",
    async (scheme) => {
      const { page } = browser;
      await page.emulateMedia({ colorScheme: scheme });
      for (const path of [
        "/",
        "/?view=hosts",
        `/?view=vm&id=${vm.id}`,
        `/?view=address&of=${vm.ip}`,
        "/?view=drift",
        "/?view=conflicts",
        "/?view=topology",
        "/?view=topology&network=ovirtmgmt",
      ]) {
        await page.goto(gateway.url + path);
        await page.locator("main section.view").waitFor();
        await page.locator("[aria-label=Loading]").waitFor({ state: "detached" });
        const faults = await findFaults(page);
        expect([path, faults]).toEqual([path, []]);
      }
    },
  );

  test("fits a telephone: nothing is wider than 360 pixels", async () => {
    const { page } = browser;
    await page.setViewportSize({ width: 360, height: 740 });
    for (const path of [
      "/",
      "/?view=hosts",
      `/?view=vm&id=${vm.id}`,
      `/?view=address&of=${vm.ip}`,
      "/?view=drift",
      "/?view=conflicts",
      "/?view=topology",
      "/?view=topology&network=ovirtmgmt",
    ]) {
      await page.goto(gateway.url + path);
      await page.locator("main section.view").waitFor();
      await page.locator("[aria-label=Loading]").waitFor({ state: "detached" });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    }
  });

  test("has asked nobody but its server, sent no operation's text, and complained of nothing", () => {
    expect(
      requested.filter((url) => !url.startsWith(`${gateway.url}/`) && !/^(data|blob):/.test(url)),
    ).toEqual([]);
    expect(complaints).toEqual([]);
  });
});

interface DemoVm {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly nics: readonly {
    readonly macAddress: string;
    readonly guestInterface: { readonly ipv4Addresses: readonly string[] } | null;
  }[];
}
