import { appendFileSync } from "node:fs";
import { join } from "node:path";
import type { Role } from "../../../src/model/roles.js";
import { createHostLink } from "../../../src/refresher/host-link.js";
import type { Scope } from "../../../src/server/identity/identity.js";
import { createToken } from "../../../src/server/identity/token-lines.js";
import type { ReportedInterface } from "../../../src/vdsm/records/interfaces.js";
import { HostError } from "../../../src/vdsm/errors.js";
import { FakeHost } from "../../refresher/fake-host.js";
import { id, mac } from "../../support/builders/ids.js";
import { configuredHost, INTERVAL_MS } from "../../support/builders/passes.js";
import { reportedInterface, reportedNic, reportedVm } from "../../support/builders/reported.js";
import { createDatabase, type TestDatabase } from "../../support/databases/database.js";
import {
  startGatewayProcess,
  temporaryFolder,
  type RunningGateway,
} from "../../support/processes/gateway.js";
import { runPass } from "../../support/passes/run-pass.js";
import { freePort } from "../../support/processes/tcp.js";

/** A VM of a site. Its id and its MAC follow from its number. */
export interface SiteVm {
  readonly number: number;
  readonly name: string;
  readonly address: string;
  readonly network?: string;
  /** What the guest shows beside its first interface. */
  readonly more?: readonly ReportedInterface[];
}

/** Hosts with VMs that do what a test tells them, and a gateway over them. */
export interface Site {
  readonly database: TestDatabase;
  readonly gateway: RunningGateway;
  readonly url: string;
  /** The hosts report these VMs, by the host's id. */
  report(vmsByHost: Readonly<Record<string, readonly SiteVm[]>>): Promise<void>;
  /** Ends the gateway's process. */
  lose(): Promise<void>;
  /** Starts it again, at the same address. */
  regain(): Promise<void>;
  /** The host does not answer when it is asked next. */
  fail(hostId: string): Promise<void>;
  /** Adds a token to the gateway's file. It counts after a reload. */
  addToken(about: { readonly name: string; readonly scope?: Scope; readonly expiresAt?: Date }): string;
  /** The file that holds the tokens. */
  readonly tokensFile: string;
  stop(): Promise<void>;
}

/** Opens a site whose hosts have reported these VMs once. `tokens` are added before the gateway starts. */
export async function openSite(
  vmsByHost: Readonly<Record<string, readonly SiteVm[]>>,
  { settings = {}, isOpen = true }: { settings?: Record<string, string>; isOpen?: boolean } = {},
): Promise<Site> {
  const folder = temporaryFolder();
  const tokensFile = join(folder.path, "tokens");
  appendFileSync(tokensFile, "");
  const database = await createDatabase();
  const hosts = Object.keys(vmsByHost).map((hostId) => configuredHost(hostId));
  await database.store.registerHosts(hosts, INTERVAL_MS);
  const fakes = new Map(hosts.map((host) => [host.id, createFake(host)]));
  const report: Site["report"] = async (given) => {
    for (const [hostId, vms] of Object.entries(given)) await fakes.get(hostId)!.report(database, vms);
  };
  await report(vmsByHost);
  const identity = isOpen ? {} : { AUTH_TOKENS_FILE: tokensFile };
  const port = String(await freePort());
  const start = () =>
    startGatewayProcess({ DATABASE_URL: database.url, PORT: port, ...identity, ...settings });
  let gateway = await start();
  return {
    database,
    get gateway() {
      return gateway;
    },
    url: gateway.url,
    lose: () => gateway.stop(),
    regain: async () => {
      gateway = await start();
    },
    report,
    fail: (hostId) => fakes.get(hostId)!.fail(database),
    tokensFile,
    addToken: ({ name, scope = null, expiresAt = null }) => {
      const { token, line } = createToken({ name, roles: ROLES, expiresAt, scope });
      appendFileSync(tokensFile, `${line}\n`);
      return token;
    },
    stop: async () => {
      await gateway.stop();
      await database.drop();
      folder.remove();
    },
  };
}

const ROLES: readonly Role[] = ["reader"];

function createFake(host: ReturnType<typeof configuredHost>) {
  const fake = new FakeHost();
  fake.hostname = `${host.name}.example.test`;
  const link = createHostLink(host, fake);
  return {
    fail: async (database: TestDatabase): Promise<void> => {
      fake.broken.set("getAllVmStats", new HostError("unreachable", `${host.name}: connection refused`));
      await runPass(database.store, link);
      fake.broken.clear();
    },
    report: async (database: TestDatabase, vms: readonly SiteVm[]): Promise<void> => {
      const byId = new Map(vms.map((vm) => [id(vm.number), vm]));
      fake.nics = (vmId) => {
        const vm = byId.get(vmId);
        if (vm === undefined) return null;
        const { number, network = "ovirtmgmt" } = vm;
        return [reportedNic({ id: id(0x100_000 + number), name: "nic1", macAddr: mac(number), network })];
      };
      fake.report = { vms: vms.map(toReported), rejected: [] };
      const { outcome, failure } = await runPass(database.store, link);
      if (outcome !== "done")
        throw new Error(`the pass of ${host.name} ended ${outcome}`, { cause: failure });
    },
  };
}

function toReported({ number, name, address, more = [] }: SiteVm) {
  const first = reportedInterface({ hw: mac(number), inet: [address], inet6: [] });
  return reportedVm({
    vmId: id(number),
    vmName: name,
    guestFQDN: `${name}.test`,
    netIfaces: [first, ...more],
  });
}
