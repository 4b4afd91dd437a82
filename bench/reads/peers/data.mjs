import pg from "pg";

/** The reads of all hand-written peers: one pool, named statements, rows as the answers need them. */
export const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });

const read = (name, text) => async (value) => (await pool.query({ name, text, values: [value] })).rows;

const VM = `SELECT s.vm_guid AS id, s.vm_name AS name,
  CASE d.status WHEN 1 THEN 'UP' WHEN 0 THEN 'DOWN' ELSE 'UNKNOWN' END AS status
  FROM vm_static s JOIN vm_dynamic d ON d.vm_guid = s.vm_guid`;
const NIC = `SELECT n.id, n.vm_guid AS "vmId", n.name, n.mac_addr AS "macAddress" FROM vm_interface n`;
const ORDER = `ORDER BY s.vm_name COLLATE "C", s.vm_guid`;

export const readVms = read("vms", `${VM} WHERE s.vm_guid = ANY($1::uuid[])`);
export const readNics = read("nics", `${NIC} WHERE n.vm_guid = ANY($1::uuid[]) ORDER BY n.name`);
export const readNicsByMac = read("macs", `${NIC} WHERE n.mac_addr = ANY($1::text[]) ORDER BY n.name`);
const readInterfaceTexts = read(
  "interfaces",
  `SELECT vm_id AS "vmId", interface_name AS name, mac_address AS "macAddress",
     ipv4_addresses AS "ipv4Addresses", ipv6_addresses AS "ipv6Addresses"
   FROM vm_guest_agent_interfaces WHERE vm_id = ANY($1::uuid[]) ORDER BY interface_name`,
);

/** Reads a page of VMs by name. `after` is the last name of the page before. */
export async function readPage(first, after) {
  const { rows } = await pool.query({
    name: "page",
    text: `${VM} WHERE s.vm_name COLLATE "C" > $1 ${ORDER} LIMIT $2`,
    values: [after ?? "", first],
  });
  return rows;
}

export async function readInterfaces(vmIds) {
  const rows = await readInterfaceTexts(vmIds);
  for (const row of rows) {
    row.ipv4Addresses = splitAddresses(row.ipv4Addresses);
    row.ipv6Addresses = splitAddresses(row.ipv6Addresses);
  }
  return rows;
}

/** Groups rows into one list for each key, in the order of the keys. */
export function groupByKey(keys, rows, field) {
  const lists = new Map(keys.map((key) => [key, []]));
  for (const row of rows) lists.get(row[field])?.push(row);
  return keys.map((key) => lists.get(key));
}

/** Finds one row for each key, or null. */
export function findByKey(keys, rows, field) {
  const found = new Map(rows.map((row) => [row[field], row]));
  return keys.map((key) => found.get(key) ?? null);
}

/** Finds the guest's interface with the vNIC's MAC. */
export function matchInterface(nic, interfaces) {
  return interfaces.find(({ macAddress }) => macAddress === nic.macAddress) ?? null;
}

function splitAddresses(text) {
  return text === null || text === "" ? [] : text.split(",");
}
