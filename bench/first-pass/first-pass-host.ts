import { createWorld } from "../../src/simulator/world/world.js";
import { populate } from "../../src/simulator/world/population.js";
import { EncodedJson, formatPythonJson } from "../../src/simulator/wire/python-json.js";
import { startVdsmServer } from "../../src/simulator/wire/vdsm-server.js";
import { VdsmFaultError, type VerbAnswers } from "../../src/simulator/wire/verbs.js";

/** One host in a process of its own. All its answers are made beforehand, so that it costs the pass next to no time. */
process.once("message", (vms: number) => void run(vms));

async function run(vms: number): Promise<void> {
  const world = createWorld({ hosts: ["taped"], seed: 1 });
  populate(world, vms);
  const answers = recordAnswers(world.verbs("taped"));
  const { port } = await startVdsmServer({ world: answers });
  process.send?.(port);
}

function recordAnswers(verbs: VerbAnswers): VerbAnswers {
  const stats = new EncodedJson(formatPythonJson(verbs.answer("Host.getAllVmStats", {})));
  const capabilities = verbs.answer("Host.getCapabilities", {});
  const domains = verbs.answer("Host.dumpxmls", {}) as Readonly<Record<string, string>>;
  const texts = new Map(
    Object.entries(domains).map(([id, xml]) => [id, `${formatPythonJson(id)}: ${formatPythonJson(xml)}`]),
  );
  return {
    answer(verb, params) {
      if (verb === "Host.getAllVmStats") return stats;
      if (verb === "Host.getCapabilities") return capabilities;
      if (verb === "Host.ping2") return true;
      if (verb !== "Host.dumpxmls") throw new VdsmFaultError(-32601, "The method does not exist");
      const ids = params["vmList"] as readonly string[];
      return new EncodedJson(`{${ids.flatMap((id) => texts.get(id) ?? []).join(", ")}}`);
    },
  };
}
