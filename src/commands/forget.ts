import { ConfigError, type Config } from "../config.js";
import { parseDuration, SettingValueError } from "../config/setting-types.js";
import { findVmByName, openGatewayDatabase } from "./gateway-database.js";
import { isUuid } from "../model/uuid.js";
import { findVms, forgetAll, forgetVm } from "../store/changes/forget.js";
import { forgetEndedVms } from "../store/changes/forget-ended.js";
import { refuseEngine } from "./refuse-engine.js";
import { toPrintable } from "../model/printable.js";

/** What to forget: the past of one VM by its id or name, or of all VMs, or VMs that ended so many milliseconds ago. */
export type ForgetTask =
  { readonly vm: string } | { readonly all: true } | { readonly endedForMs: number; readonly ended: string };

/** Parses the arguments: one VM, or all, or those that have ended. */
export function readForgetTask(vm: string | undefined, isAll: boolean, ended?: string): ForgetTask {
  const named = [vm !== undefined, isAll, ended !== undefined].filter(Boolean).length;
  if (named !== 1)
    throw new ConfigError("forget: name a VM by its id or whole name, or give --all, or --ended 90d");
  if (vm !== undefined) return { vm };
  return ended === undefined ? { all: true } : { endedForMs: parseEnded(ended), ended };
}

function parseEnded(text: string): number {
  try {
    return parseDuration(60_000, 315_360_000_000)(text);
  } catch (error) {
    if (!(error instanceof SettingValueError)) throw error;
    throw new ConfigError(`--ended must be a time such as 90d or 12h, a minute at least, not "${text}"`);
  }
}

/** Erases the past of a VM or of all VMs, or VMs that have ended, and prints what it did. Gateways may run meanwhile. */
export async function runForgetCommand(
  task: ForgetTask,
  config: Config,
  print: (line: string) => void,
): Promise<void> {
  refuseEngine(config);
  const database = await openGatewayDatabase(config, "that keeps the past");
  try {
    if ("ended" in task) {
      const { count, keptFrom } = await forgetEndedVms(database.dataSource, task.endedForMs);
      print(
        `VMs erased that no host has reported for ${task.ended}: ${count}; changes are known since ${keptFrom.toISOString()}`,
      );
      return;
    }
    if ("all" in task) {
      await forgetAll(database.dataSource);
      print("the past of all VMs is erased; what is stored of them now stays");
      return;
    }
    const id = isUuid(task.vm) ? task.vm.toLowerCase() : null;
    const vm =
      id === null
        ? await findVmByName(database, task.vm)
        : ((await findVms(database.dataSource, { id }))[0] ?? null);
    const vmId = vm?.id ?? id;
    if (vmId === null)
      throw new ConfigError(`no VM is called ${task.vm}; one that is not stored has an id only`);
    const { changes, spans, isStored } = await forgetVm(database.dataSource, vmId);
    const rest = isStored ? "what is stored of it now stays" : "it is not stored any more";
    print(
      `${toPrintable(vm?.name ?? vmId)}: changes erased: ${changes}, spans of addresses erased: ${spans}; ${rest}`,
    );
  } finally {
    await database.close();
  }
}
