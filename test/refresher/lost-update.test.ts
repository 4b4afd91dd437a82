import { afterEach, beforeEach, expect, test } from "vitest";
import { createHostLink } from "../../src/refresher/host-link.js";
import { refreshHost } from "../../src/refresher/pass.js";
import type { HostReport } from "../../src/vdsm/records/types.js";
import type { RefreshStore } from "../../src/store/types.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { FakeHost } from "./fake-host.js";
import { HOST_A, HOST_B, VM } from "../support/builders/ids.js";
import { configuredHost, IGNORED_NAMES } from "../support/builders/passes.js";
import { reportedInterface, reportedVm, hostReport } from "../support/builders/reported.js";

let database: TestDatabase;

beforeEach(async () => {
  database = await createDatabase();
  await database.store.registerHosts([configuredHost(HOST_A, 1), configuredHost(HOST_B, 2)], null);
});

afterEach(() => database.drop());

test("a destination that writes what it read long ago does not undo its source's news for good", async () => {
  const [source, destination] = [new Polled(HOST_A), new Polled(HOST_B)];
  const at = (address: string) =>
    hostReport(
      reportedVm({ status: "Migration Source", netIfaces: [reportedInterface({ inet: [address] })] }),
    );
  await source.pass(at("10.0.0.1"));
  // Between the destination's read and its write, the source tells of another address.
  await destination.pass(
    hostReport(reportedVm({ status: "Migration Destination", netIfaces: null })),
    async () => {
      await source.pass(at("10.0.0.2"));
    },
  );
  await source.pass(at("10.0.0.2"));
  const [row] = await database.store.readVmsByIds([VM]);
  expect(row).toMatchObject({ hostId: HOST_A, ips: ["10.0.0.2", "fe80::1"] });
});

/** A host and what its replica remembers of it, over passes. */
class Polled {
  private readonly host = new FakeHost();
  private readonly link;

  constructor(hostId: string) {
    this.link = createHostLink(configuredHost(hostId), this.host);
  }

  async pass(report: HostReport, beforeWrite: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    this.host.report = report;
    const store: RefreshStore = {
      ...database.store,
      apply: async (...parameters) => {
        await beforeWrite();
        return database.store.apply(...parameters);
      },
    };
    const rest = {
      ignoreNames: IGNORED_NAMES,
      now: () => 0,
      waitUntilReady: () => Promise.resolve(),
    };
    await refreshHost({ ...rest, store }, this.link, new AbortController().signal);
  }
}
