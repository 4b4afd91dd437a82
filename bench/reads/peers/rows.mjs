import { createServer } from "node:http";
import {
  groupByKey,
  matchInterface,
  readInterfaces,
  readNics,
  readNicsByMac,
  readPage,
  readVms,
} from "./data.mjs";
import { listen } from "./listen.mjs";

/** Hand-written without GraphQL: three statements of rows, joined in node. */
const withParts = async (vms) => {
  const ids = vms.map(({ id }) => id);
  const [nics, interfaces] = await Promise.all([readNics(ids), readInterfaces(ids)]);
  const [nicLists, lists] = [groupByKey(ids, nics, "vmId"), groupByKey(ids, interfaces, "vmId")];
  return vms.map(({ id, name, status }, at) => ({
    id,
    name,
    status,
    guestInfo: { networkDevices: lists[at].map(withoutVm) },
    nics: nicLists[at].map((nic) => withInterface(nic, lists[at])),
  }));
};
const withoutVm = (row) =>
  row === null
    ? null
    : {
        name: row.name,
        macAddress: row.macAddress,
        ipv4Addresses: row.ipv4Addresses,
        ipv6Addresses: row.ipv6Addresses,
      };
const withInterface = (nic, interfaces) => ({
  id: nic.id,
  name: nic.name,
  macAddress: nic.macAddress,
  guestInterface: withoutVm(matchInterface(nic, interfaces)),
});
const ANSWERS = {
  vm: async ({ id }) => ({ vm: (await withParts(await readVms([id])))[0] ?? null }),
  vms: async ({ first, after }) => ({ vms: { nodes: await withParts(await readPage(first, after)) } }),
  vmNics: async ({ macAddress }) => {
    const nics = await readNicsByMac([macAddress]);
    const ids = [...new Set(nics.map(({ vmId }) => vmId))];
    const [vms, interfaces] = await Promise.all([readVms(ids), readInterfaces(ids)]);
    const names = new Map(vms.map(({ id, name }) => [id, { id, name }]));
    return {
      vmNics: nics.map((nic) => ({ ...withInterface(nic, interfaces), vm: names.get(nic.vmId) ?? null })),
    };
  },
};

listen(
  createServer((request, reply) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const { operationName, variables } = JSON.parse(Buffer.concat(chunks).toString());
      ANSWERS[operationName](variables).then(
        (data) => {
          reply.writeHead(200, { "content-type": "application/json" });
          reply.end(JSON.stringify({ data }));
        },
        (error) => reply.writeHead(500).end(String(error)),
      );
    });
  }),
);
