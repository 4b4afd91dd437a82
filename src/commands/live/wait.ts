import { ConfigError } from "../../config.js";
import { parseDuration, SettingValueError } from "../../config/setting-types.js";
import { isUuid } from "../../model/uuid.js";
import { askAgain } from "./ask-again.js";
import type { LiveGateway } from "./live-gateway.js";

/** For which address of which VM to wait, and how long. */
export interface WaitTask {
  /** Its id or whole name. */
  readonly vm: string;
  readonly family: string | null;
  readonly within: string | null;
  readonly timeoutMs: number;
}

/** Reads what the command line asks for. */
export function readWaitTask(vm: string, flags: Readonly<Record<string, string | undefined>>): WaitTask {
  const { family, within, timeout = "5m" } = flags;
  try {
    const timeoutMs = parseDuration(100, 24 * 3_600_000)(timeout);
    return { vm, family: family?.toUpperCase() ?? null, within: within ?? null, timeoutMs };
  } catch (error) {
    if (!(error instanceof SettingValueError)) throw error;
    throw new ConfigError(`--timeout must be ${error.checkAgainst(timeout)}; mend or leave it out`);
  }
}

/** Waits for the first address by which to reach a VM's guest, and prints it; `false`: none came in time. */
export async function runWaitCommand(
  { vm, family, within, timeoutMs }: WaitTask,
  gateway: LiveGateway,
  print: (line: string) => void,
  hint: (line: string) => void,
  stopping: AbortSignal,
): Promise<boolean> {
  const ended = new AbortController();
  const { signal } = ended;
  const end = () => {
    ended.abort();
  };
  stopping.addEventListener("abort", end);
  const timer = setTimeout(end, timeoutMs);
  try {
    const vmId = isUuid(vm) ? vm.toLowerCase() : await findVmId(vm, gateway, signal);
    const ask = () => ({ query: QUERY, variables: { vmId, family, within } });
    for await (const { vmAddressReady } of askAgain<Ready>({ gateway, ask, hint, signal })) {
      print(vmAddressReady.address);
      return true;
    }
  } finally {
    clearTimeout(timer);
    stopping.removeEventListener("abort", end);
  }
  hint(`vnic-graph: ${vm} has no such address yet`);
  return false;
}

interface Ready {
  readonly vmAddressReady: { readonly address: string };
}

const QUERY = `subscription ($vmId: ID!, $family: IpFamily, $within: CIDR) {
  vmAddressReady(vmId: $vmId, family: $family, within: $within) { address }
}`;

async function findVmId(name: string, gateway: LiveGateway, signal: AbortSignal): Promise<string> {
  const [id, ...others] = await gateway.findVmIds(name, signal);
  if (id === undefined)
    throw new ConfigError(`no VM is called ${name}; name one that is not stored yet by its id`);
  if (others.length > 0)
    throw new ConfigError(
      `several VMs are called ${name}; name one by its id: ${[id, ...others].join(", ")}`,
    );
  return id;
}
