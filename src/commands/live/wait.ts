import { isIP } from "node:net";
import { ConfigError } from "../../config.js";
import { parseDuration, SettingValueError } from "../../config/setting-types.js";
import { formatError } from "../../gateway/format-error.js";
import { toPrintable } from "../../model/printable.js";
import { isUuid } from "../../model/uuid.js";
import { askAgain } from "./ask-again.js";
import { GatewayRefusedError } from "./gateway-refused-error.js";
import type { LiveGateway } from "./live-gateway.js";
import { isOutage, waitForNextTry } from "./outage.js";

/** The VM and the kind of address to wait for, and for how long. */
export interface WaitTask {
  /** The VM's id or full name. */
  readonly vm: string;
  readonly family: string | null;
  readonly within: string | null;
  readonly timeoutMs: number;
}

/** Parses the argument and the flags. */
export function readWaitTask(vm: string, flags: Readonly<Record<string, string | undefined>>): WaitTask {
  const { family, within, timeout = "5m" } = flags;
  if (family !== undefined && !/^ipv[46]$/i.test(family)) {
    throw new ConfigError(`--family must be ipv4 or ipv6, not "${toPrintable(family)}"`);
  }
  try {
    const timeoutMs = parseDuration(100, 24 * 3_600_000)(timeout);
    return { vm, family: family?.toUpperCase() ?? null, within: within ?? null, timeoutMs };
  } catch (error) {
    if (!(error instanceof SettingValueError)) throw error;
    throw new ConfigError(`--timeout must be ${error.checkAgainst(timeout)}; mend or leave it out`);
  }
}

/**
 * Waits for the first address by which to reach a VM's guest, and prints it. Resolves with `false` if none came in
 * time. It also waits for a gateway that cannot be reached, and says so once.
 */
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
  let hasTold = false;
  const tellOutage = (line: string) => {
    if (!hasTold) hint(line);
    hasTold = true;
  };
  try {
    const vmId = isUuid(vm) ? vm.toLowerCase() : await findVmId(vm, gateway, tellOutage, signal);
    const ask = () => ({ query: QUERY, variables: { vmId, family, within } });
    const asking = { gateway, ask, hint: tellOutage, signal, isPatient: true };
    // Without an id, the time was over before a gateway knew the VM.
    if (vmId !== null) {
      for await (const answer of askAgain<Ready>(asking)) {
        print(readAddress(answer));
        return true;
      }
    }
  } finally {
    clearTimeout(timer);
    stopping.removeEventListener("abort", end);
  }
  hint(`vnic-graph: ${vm} has no such address yet`);
  return false;
}

/** An answer, before it is checked: another process sent it. */
interface Ready {
  readonly vmAddressReady?: { readonly address?: unknown } | null;
}

/** Reads the address from an answer. Scripts and terminals use it as it is, so nothing else may be printed. */
function readAddress({ vmAddressReady }: Ready): string {
  const address = vmAddressReady?.address;
  if (typeof address === "string" && /^[\w.:%-]+$/.test(address) && isIP(address) !== 0) return address;
  throw new GatewayRefusedError("the gateway's answer holds no IP address");
}

const QUERY = `subscription ($vmId: ID!, $family: IpFamily, $within: CIDR) {
  vmAddressReady(vmId: $vmId, family: $family, within: $within) { address }
}`;

/** Finds the id of the VM with this name; `null`: the time was over first. */
async function findVmId(
  name: string,
  gateway: LiveGateway,
  tellOutage: (line: string) => void,
  signal: AbortSignal,
): Promise<string | null> {
  const ids = await findPatiently(name, gateway, tellOutage, signal);
  if (ids === null) return null;
  const [id, ...others] = ids;
  if (id === undefined)
    throw new ConfigError(`no VM is called ${name}; name one that is not stored yet by its id`);
  if (others.length > 0)
    throw new ConfigError(
      `several VMs are called ${name}; name one by its id: ${[id, ...others].join(", ")}`,
    );
  return id;
}

async function findPatiently(
  name: string,
  gateway: LiveGateway,
  tellOutage: (line: string) => void,
  signal: AbortSignal,
): Promise<readonly string[] | null> {
  const isOver = () => signal.aborted;
  for (let failures = 0; !isOver(); failures += 1) {
    try {
      return await gateway.findVmIds(name, signal);
    } catch (error) {
      if (isOver()) return null;
      if (!isOutage(error)) throw error;
      tellOutage(`vnic-graph: ${formatError(error)}; it is tried again`);
      await waitForNextTry(failures, signal);
    }
  }
  return null;
}
