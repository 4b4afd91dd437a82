import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createEngineStore } from "../../src/engine-store/engine-store.js";
import type { Readers } from "../../src/store/types.js";
import { createEngineDatabase, type EngineDatabase } from "../engine-store/engine-database.js";
import { createDatabase, type TestDatabase } from "../support/databases/database.js";
import { askForData } from "./support/ask.js";
import { HOST_A, id } from "../support/builders/ids.js";
import { HOSTS, INTERVAL_MS, writePass } from "../support/builders/passes.js";
import { vmChange, toGuestInterfaceOf, toStoredNic, vmState } from "../support/builders/stored.js";

const VM = id(1);
const QUESTION = `{
  vm(id: "${VM}") {
    guestInfo { ips stale networkDevices { name ipv4Addresses vmNic { macAddress } } }
    nics { macAddress guestInterface { ipv4Addresses } }
    host { vms { guestInfo { ips networkDevices { ipv4Addresses } } } }
  }
}`;

interface Answer {
  readonly vm: {
    readonly guestInfo: Guest & { readonly stale: boolean };
    readonly nics: readonly { readonly macAddress: string; readonly guestInterface: Device | null }[];
    readonly host: { readonly vms: readonly { readonly guestInfo: Guest }[] };
  };
}

interface Device {
  readonly ipv4Addresses: readonly string[];
}

interface Guest {
  readonly ips: readonly string[];
  readonly networkDevices: readonly Device[];
}

/** Lists the addresses that an answer shows of the VM, in each of the places where it shows them. */
function listVersions({ vm: { guestInfo, nics, host } }: Answer): string[] {
  const addresses = [
    ...guestInfo.ips,
    ...guestInfo.networkDevices.flatMap((each) => each.ipv4Addresses),
    ...nics.flatMap((each) => each.guestInterface?.ipv4Addresses ?? ["none"]),
    ...host.vms.flatMap((each) => [
      ...each.guestInfo.ips,
      ...each.guestInfo.networkDevices.flatMap(({ ipv4Addresses }) => ipv4Addresses),
    ]),
  ];
  return [...new Set(addresses)];
}

/** Writes one version after the other, and says now and then that it waits until an answer has come. */
type Writer = (waitForAnswer: () => Promise<void>) => Promise<void>;

/** Asks again and again, each time as a request of its own, until the writer has written all. */
async function askWhile(store: Readers, write: Writer): Promise<string[][]> {
  const seen: string[][] = [];
  const waiting: (() => void)[] = [];
  let isWriting = true;
  const ask = async (): Promise<void> => {
    while (isWriting) {
      const snapshot = store.openSnapshot(null);
      try {
        seen.push(listVersions((await askForData(snapshot.reads, QUESTION)) as Answer));
        for (const goOn of waiting.splice(0)) goOn();
      } finally {
        await snapshot.close();
      }
    }
  };
  const asking = [ask(), ask()];
  await write(() => new Promise((resolve) => waiting.push(resolve)));
  isWriting = false;
  await Promise.all(asking);
  return seen;
}

/**
 * The number of versions that are written while nobody waits for an answer. So answers are read in the middle of them.
 */
const VERSIONS_AT_ONCE = 5;

const VERSIONS = Array.from({ length: 150 }, (_, number) => number + 1);

describe("an answer of several statements, while a writer changes all that it shows", () => {
  let database: TestDatabase;
  let engine: EngineDatabase;

  beforeAll(async () => {
    database = await createDatabase();
    engine = await createEngineDatabase();
  });

  afterAll(() => Promise.all([database.drop(), engine.drop()]));

  test("shows one state of the gateway's own database", async () => {
    const { store } = database;
    const at = (version: number) => ({
      device: toGuestInterfaceOf(1, { macAddress: mac(version), ipv4Addresses: [`10.0.0.${version}`] }),
      nic: toStoredNic(1, 1, { macAddress: mac(version) }),
      vm: vmState(1, { ips: `10.0.0.${version}` }),
    });
    await store.registerHosts(HOSTS, INTERVAL_MS);
    const first = at(0);
    await writePass(store, HOST_A, {
      newVms: [first.vm],
      insertedInterfaces: [first.device],
      upsertedNics: [first.nic],
      interfaceOrders: [{ vmId: VM, names: ["eth0"] }],
    });
    const write: Writer = async (waitForAnswer) => {
      for (const version of VERSIONS) {
        const [before, after] = [at(version - 1), at(version)];
        const written = await writePass(store, HOST_A, {
          changedVms: [vmChange(before.vm, { ips: after.vm.ips })],
          deletedInterfaces: [before.device],
          insertedInterfaces: [after.device],
          upsertedNics: [after.nic],
        });
        expect(written).toBe(true);
        if (version % VERSIONS_AT_ONCE === 0) await waitForAnswer();
      }
    };
    const seen = await askWhile(store, write);
    expect(seen.length).toBeGreaterThan(20);
    expect(seen.filter((versions) => versions.length !== 1)).toEqual([]);
  });

  test("shows a state of an engine's database, which writes rows and addresses in transactions of their own", async () => {
    await engine.asEngine(
      `INSERT INTO vds_static (vds_id, vds_name, host_name, port) VALUES ('${HOST_A}', 'a', 'a.example', 54321)`,
      `INSERT INTO vds_dynamic (vds_id, status) VALUES ('${HOST_A}', 3)`,
      `INSERT INTO vm_static (vm_guid, vm_name, entity_type, vmt_guid) VALUES ('${VM}', 'web', 'VM', '${VM}')`,
      `INSERT INTO vm_dynamic (vm_guid, status, run_on_vds, vm_ip, guest_agent_nics_hash)
         VALUES ('${VM}', 1, '${HOST_A}', '10.0.0.0', 4711)`,
      `INSERT INTO vm_interface (id, vm_guid, name, mac_addr) VALUES ('${id(2)}', '${VM}', 'nic1', '${mac(0)}')`,
      `INSERT INTO vm_guest_agent_interfaces VALUES ('${VM}', 'eth0', '${mac(0)}', '10.0.0.0', '')`,
    );
    const write: Writer = async (waitForAnswer) => {
      for (const version of VERSIONS) {
        await engine.asEngine(
          `BEGIN; DELETE FROM vm_guest_agent_interfaces;
           INSERT INTO vm_guest_agent_interfaces VALUES ('${VM}', 'eth0', '${mac(0)}', '10.0.0.${version}', ''); COMMIT`,
          `UPDATE vm_dynamic SET vm_ip = '10.0.0.${version}'`,
        );
        if (version % VERSIONS_AT_ONCE === 0) await waitForAnswer();
      }
    };
    const seen = await askWhile(createEngineStore(engine.dataSource), write);
    expect(seen.length).toBeGreaterThan(20);
    // Between its two transactions the engine itself has an address of before beside rows of after.
    const held = new Set([
      "10.0.0.0",
      ...VERSIONS.flatMap((version) => [`10.0.0.${version}`, `10.0.0.${version - 1},10.0.0.${version}`]),
    ]);
    expect(seen.filter((versions) => !held.has(versions.join(",")))).toEqual([]);
  });
});

function mac(version: number): string {
  return `56:6f:00:00:00:${version.toString(16).padStart(2, "0")}`;
}
