import { createWorld } from "../../src/simulator/world/world.js";
import { populate } from "../../src/simulator/world/population.js";
import { EncodedJson, formatPythonJson } from "../../src/simulator/wire/python-json.js";
import { startVdsmServer } from "../../src/simulator/wire/vdsm-server.js";
import { VdsmFaultError, type VerbAnswers } from "../../src/simulator/wire/verbs.js";

/** Runs one host in a process of its own. All its answers are made before, so that a pass hardly waits for it. */
process.once("message", (vms: number) => void run(vms));

async function run(vms: number): Promise<void> {
  const world = createWorld({ hosts: ["taped"], seed: 1 });
  populate(world, vms);
  const answers = recordAnswers(world.createAnswers("taped"));
  const { port } = await startVdsmServer({ world: answers });
  process.send?.(port);
}

function recordAnswers(verbs: VerbAnswers): VerbAnswers {
  const stats = new EncodedJson(formatPythonJson(verbs.answer("Host.getAllVmStats", {})));
  const capabilities = verbs.answer("Host.getCapabilities", {});
  const domains = verbs.answer("Host.dumpxmls", {}) as Readonly<Record<string, string>>;
  const texts = new Map(
    Object.entries(domains).map(([id, xml]) => {
      const whole = xml.replace("<devices>", `<devices>${CONTROLLERS}`);
      return [id, `${formatPythonJson(id)}: ${formatPythonJson(whole)}`];
    }),
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

/** Devices that the simulator leaves out. A q35 machine has some thirty of them; with them, a domain has its 10 kB. */
const CONTROLLERS = Array.from(
  { length: 30 },
  (_, at) =>
    `\n    <controller type='pci' index='${at + 1}' model='pcie-root-port'>\n      <model name='pcie-root-port'/>\n` +
    `      <target chassis='${at + 1}' port='0x${(16 + at).toString(16)}'/>\n      <alias name='pci.${at + 1}'/>\n` +
    `      <address type='pci' domain='0x0000' bus='0x00' slot='0x02' function='0x${at % 8}' multifunction='on'/>\n    </controller>`,
).join("");
