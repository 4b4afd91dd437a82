import { ConfigError, type Config } from "../config.js";
import { createConfiguredHost } from "../gateway/hosts/host-ids.js";
import { openGatewayDatabase } from "./gateway-database.js";
import { SettingValueError, parseHostAddress } from "../config/setting-types.js";
import { createStore } from "../store/store.js";
import type { HostRow, PolledHost, Store } from "../store/types.js";
import { refuseEngine } from "./refuse-engine.js";
import { formatTable } from "./table.js";
import { toPrintable } from "../model/printable.js";

/** What `vnic-graph hosts` shall do. */
export type HostsTask =
  | { readonly do: "list" }
  | { readonly do: "add"; readonly address: string }
  | { readonly do: "remove"; readonly host: string };

/** Lists the stored hosts, or changes which of them are polled. Running gateways follow the change within seconds. */
export async function runHostsCommand(
  task: HostsTask,
  config: Config,
  print: (line: string) => void,
): Promise<void> {
  refuseEngine(config);
  const database = await openGatewayDatabase(config, "whose gateways poll the hosts");
  try {
    const store = createStore(database.dataSource);
    if (task.do === "add") await add(store, task.address, config.refreshIntervalMs, print);
    else if (task.do === "remove") await remove(store, task.host, print);
    else print(formatHosts(await store.readHosts(), await store.listHosts()));
  } finally {
    await database.close();
  }
}

async function add(store: Store, address: string, intervalMs: number | null, print: (line: string) => void) {
  const host = createConfiguredHost(parseAddress(address));
  const isKnown = (await store.listHosts()).some(({ id }) => id === host.id);
  await store.addHost(host, intervalMs);
  print(`${toPrintable(host.name)} is polled ${isKnown ? "already" : "now"}; its id is ${host.id}`);
}

async function remove(store: Store, named: string, print: (line: string) => void): Promise<void> {
  const polled = await store.listHosts();
  const found = polled.filter((host) => [host.id, host.name].includes(named) || isAt(host, named));
  const [host, ...others] = found;
  if (host === undefined) {
    throw new ConfigError(`no host ${named} is polled; \`vnic-graph hosts list\` shows those that are`);
  }
  if (others.length > 0) {
    throw new ConfigError(
      `${found.length} polled hosts are called ${named}; name one by its id: ${found.map(({ id }) => id).join(", ")}`,
    );
  }
  if (host.fromSettings) {
    throw new ConfigError(`host ${named} is named by a gateway's VDSM_HOSTS; take it out of that setting`);
  }
  await store.removeHost(host.id);
  print(`${toPrintable(host.name)} is polled no more; its VMs stay readable, as stale`);
}

function isAt(host: { readonly host: string; readonly port: number }, address: string): boolean {
  try {
    const wanted = parseHostAddress(address);
    return wanted.host === host.host && wanted.port === host.port;
  } catch (error) {
    if (error instanceof SettingValueError) return false;
    throw error;
  }
}

function parseAddress(address: string) {
  try {
    return parseHostAddress(address);
  } catch (error) {
    if (!(error instanceof SettingValueError)) throw error;
    throw new ConfigError(`the host must be ${error.checkAgainst(address)}; mend it`);
  }
}

function formatHosts(rows: readonly HostRow[], hosts: readonly PolledHost[]): string {
  if (rows.length === 0) return "No host is polled; add one with `vnic-graph hosts add <host[:port]>`.";
  const polled = new Set(hosts.map(({ id }) => id));
  const header = ["id", "name", "address", "status", "last success", "last error"];
  return formatTable(
    header,
    rows.map((row) => [
      row.id,
      row.name,
      row.address,
      polled.has(row.id) ? (STATUS_WORDS.get(row.status) ?? String(row.status)) : "not polled",
      row.lastSuccessAt?.toISOString() ?? "never",
      row.lastError ?? "",
    ]),
  );
}

/** Words for oVirt's VDSStatus numbers that the store has. */
const STATUS_WORDS: ReadonlyMap<number, string> = new Map([
  [0, "not asked yet"],
  [3, "up"],
  [4, "not answering"],
  [5, "error"],
  [12, "recovering"],
]);
