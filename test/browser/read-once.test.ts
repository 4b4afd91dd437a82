import type { Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { HOST_A, HOST_B, id, mac } from "../support/builders/ids.js";
import { reportedInterface } from "../support/builders/reported.js";
import { describeInBrowser } from "./support/in-browser.js";
import { openSite, type Site, type SiteVm } from "./support/site.js";

const WEB: SiteVm = { number: 1, name: "web", address: "10.0.0.1" };
const DB: SiteVm = { number: 2, name: "db", address: "10.0.0.2" };
const BRIDGE = reportedInterface({ name: "docker0", hw: mac(0x9_0001), inet: ["172.17.0.1"], inet6: [] });

/** Holds back what goes over a page's WebSocket. */
interface HeldSocket {
  /** Resolves when something is held back. */
  readonly held: Promise<void>;
  /** Lets all go on that is held back, and holds back no more. */
  readonly release: () => void;
}

/** Holds back what the page sends or gets over its WebSocket, if it is of a type. */
async function holdMessages(page: Page, direction: "sent" | "got", type: string): Promise<HeldSocket> {
  const waiting: (() => void)[] = [];
  let isHolding = true;
  let note: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (note = resolve));
  await page.routeWebSocket(/\/graphql$/, (socket) => {
    const server = socket.connectToServer();
    const pass = (text: string, send: () => void, isWatched: boolean): void => {
      const isType = (JSON.parse(text) as { readonly type: string }).type === type;
      if (!isHolding || !isWatched || !isType) {
        send();
        return;
      }
      waiting.push(send);
      note();
    };
    socket.onMessage((text) => {
      pass(
        String(text),
        () => {
          server.send(text);
        },
        direction === "sent",
      );
    });
    server.onMessage((text) => {
      pass(
        String(text),
        () => {
          socket.send(text);
        },
        direction === "got",
      );
    });
  });
  return {
    held,
    release: () => {
      isHolding = false;
      for (const send of waiting.splice(0)) send();
    },
  };
}

/** Counts the operations that a page asks over HTTP, by name. */
function countOperations(page: Page): Map<string, number> {
  const counts = new Map<string, number>();
  page.on("request", (request) => {
    if (!request.url().endsWith("/graphql") || request.method() !== "POST") return;
    const { operationName } = request.postDataJSON() as { readonly operationName: string };
    counts.set(operationName, (counts.get(operationName) ?? 0) + 1);
  });
  return counts;
}

describeInBrowser("the portal's views, each read once and followed behind that", (browser) => {
  let site: Site;

  beforeAll(async () => {
    site = await openSite({ [HOST_A]: [WEB], [HOST_B]: [DB] });
  });
  afterAll(() => site.stop());
  beforeEach(() => site.report({ [HOST_A]: [WEB], [HOST_B]: [DB] }));

  const VIEWS: readonly (readonly [
    name: string,
    view: {
      readonly path: string;
      readonly operations: readonly string[];
      readonly before: string;
      readonly change: SiteVm;
      readonly after: string;
    },
  ])[] = [
    [
      "drift",
      {
        path: "/?view=drift",
        operations: ["PortalDrift"],
        before: "Everything fits.",
        change: { ...WEB, more: [BRIDGE] },
        after: "docker0",
      },
    ],
    [
      "conflicts",
      {
        path: "/?view=conflicts",
        operations: ["PortalAddressConflicts", "PortalMacConflicts"],
        before: "No address is on two VMs that can meet.",
        change: { ...WEB, address: DB.address },
        after: "given twice",
      },
    ],
    [
      "an address",
      {
        path: "/?view=address&of=10.0.0.77",
        operations: ["PortalAddressHistory"],
        before: "Nobody had it since",
        change: { ...WEB, address: "10.0.0.77" },
        after: "Now: web.",
      },
    ],
    [
      "topology",
      {
        path: "/?view=topology&network=ovirtmgmt",
        operations: ["PortalTopology"],
        before: "2 VMs on 1 network",
        change: { ...WEB, name: "renamed" },
        after: "renamed",
      },
    ],
    [
      "a VM and its time line",
      {
        path: `/?view=vm&id=${id(1)}`,
        operations: ["PortalVm", "PortalTimeLine"],
        before: "vNIC nic1 on network ovirtmgmt",
        change: { ...WEB, address: "10.0.0.99" },
        after: "10.0.0.99",
      },
    ],
  ];

  test.each(VIEWS)("%s: asks each question once until something changes", async (_name, view) => {
    const page = await browser().context.newPage();
    const counts = countOperations(page);
    await page.goto(site.url + view.path);
    await page.getByText(view.before).first().waitFor();
    await page.getByRole("status").getByText("live", { exact: true }).waitFor();
    await page.waitForLoadState("networkidle");
    for (const operation of view.operations)
      expect([operation, counts.get(operation)]).toEqual([operation, 1]);
    await page.close();
  });

  test.each(VIEWS)("%s: shows what changed between the answer and the subscription", async (_name, view) => {
    const page = await browser().context.newPage();
    const { held, release } = await holdMessages(page, "sent", "subscribe");
    await page.goto(site.url + view.path);
    await page.getByText(view.before).first().waitFor();
    await held;
    await site.report({ [HOST_A]: [view.change] });
    await page.getByRole("status").getByText("connecting", { exact: true }).waitFor();
    expect(await page.getByText(view.after).count()).toBe(0);
    release();
    await page.getByText(view.after).first().waitFor();
    await page.getByRole("status").getByText("live", { exact: true }).waitFor();
    await page.close();
  });

  test.each<readonly [string, string]>([
    ...VIEWS.map(([name, { path }]) => [name, path] as const),
    ["the list", "/"],
    ["hosts", "/?view=hosts"],
  ])("%s: is live once the server has told all that there is, and not before", async (_name, path) => {
    const page = await browser().context.newPage();
    const { held, release } = await holdMessages(page, "got", "ping");
    // Events tell that changes come, too: a view that begins with the state gets them first.
    if (!["/", "/?view=hosts"].includes(path)) {
      await page.goto(site.url + path);
      await held;
      const status = page.getByRole("status");
      await status.getByText("connecting", { exact: true }).waitFor();
      expect(await status.getByText("live", { exact: true }).count()).toBe(0);
    } else await page.goto(site.url + path);
    release();
    await page.getByRole("status").getByText("live", { exact: true }).waitFor();
    await page.close();
  });
});
