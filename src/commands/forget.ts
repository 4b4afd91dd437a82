import { ConfigError, type Config } from "../config.js";
import { findVmByName, openGatewayDatabase } from "./gateway-database.js";
import { isUuid } from "../model/uuid.js";
import { findVms, forgetAll, forgetVm } from "../store/changes/forget.js";
import { refuseEngine } from "./refuse-engine.js";
import { toPrintable } from "../model/printable.js";

/** What to forget: the past of one VM by its id or name, or of all VMs. */
export type ForgetTask = { readonly vm: string } | { readonly all: true };

/** Parses the arguments: one VM, or all. */
export function readForgetTask(vm: string | undefined, isAll: boolean): ForgetTask {
  if (isAll && vm === undefined) return { all: true };
  if (vm === undefined || isAll)
    throw new ConfigError("forget: name a VM by its id or whole name, or give --all");
  return { vm };
}

/** Erases the past of a VM, or of all VMs, and prints what it did. Gateways may run meanwhile. */
export async function runForgetCommand(
  task: ForgetTask,
  config: Config,
  print: (line: string) => void,
): Promise<void> {
  refuseEngine(config);
  const database = await openGatewayDatabase(config, "that keeps the past");
  try {
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
