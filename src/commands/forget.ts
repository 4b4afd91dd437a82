import { ConfigError, type Config } from "../config.js";
import { openExistingDatabase } from "../gateway/database/existing-database.js";
import { joinRunningGateway } from "../gateway/running-gateway.js";
import { isUuid } from "../model/uuid.js";
import { findVms, forgetAll, forgetVm } from "../store/changes/forget.js";
import { refuseEngine } from "./refuse-engine.js";

/** What is to be forgotten: a VM by its id or name, or all VMs' past. */
export type ForgetTask = { readonly vm: string } | { readonly all: true };

/** Reads what the command line names: one VM, or all. */
export function readForgetTask(vm: string | undefined, isAll: boolean): ForgetTask {
  if (isAll && vm === undefined) return { all: true };
  if (vm === undefined || isAll)
    throw new ConfigError("forget: name a VM by its id or whole name, or give --all");
  return { vm };
}

/** Erases the past of a VM, or of all, and says what it did. Gateways may run meanwhile. */
export async function runForgetCommand(
  task: ForgetTask,
  config: Config,
  print: (line: string) => void,
): Promise<void> {
  refuseEngine(config);
  const { databaseUrl } = await joinRunningGateway(config);
  if (databaseUrl === null) {
    throw new ConfigError(
      `no gateway runs on ${config.dataDir}; start one, or set DATABASE_URL to the database that keeps the past`,
    );
  }
  const database = await openExistingDatabase(databaseUrl);
  try {
    if ("all" in task) {
      await forgetAll(database.dataSource);
      print("the past of all VMs is erased; what is stored of them now stays");
      return;
    }
    const named = isUuid(task.vm) ? { id: task.vm.toLowerCase() } : { name: task.vm };
    const found = await findVms(database.dataSource, named);
    if (found.length > 1) {
      const ids = found.map(({ id }) => id).join(", ");
      throw new ConfigError(`several VMs are called ${task.vm}; name one by its id: ${ids}`);
    }
    const vmId = found[0]?.id ?? ("id" in named ? named.id : null);
    if (vmId === null)
      throw new ConfigError(`no VM is called ${task.vm}; one that is not stored has an id only`);
    const { changes, spans, isStored } = await forgetVm(database.dataSource, vmId);
    const rest = isStored ? "what is stored of it now stays" : "it is not stored any more";
    print(
      `${found[0]?.name ?? vmId}: ${changes} changes and ${spans} spans of addresses are erased; ${rest}`,
    );
  } finally {
    await database.close();
  }
}
