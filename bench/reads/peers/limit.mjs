import { createServer } from "node:http";
import { pool } from "./data.mjs";
import { listen } from "./listen.mjs";

/** The limit: a server without a framework, and one prepared statement that creates the complete answer as JSON. */
const DEVICE = `json_build_object('name', i.interface_name, 'macAddress', i.mac_address,
  'ipv4Addresses', string_to_array(nullif(i.ipv4_addresses, ''), ','), 'ipv6Addresses', string_to_array(nullif(i.ipv6_addresses, ''), ','))`;
const MATCHED = `(SELECT ${DEVICE} FROM vm_guest_agent_interfaces i
  WHERE i.vm_id = n.vm_guid AND i.mac_address = n.mac_addr ORDER BY i.interface_name LIMIT 1)`;
const STATUS = `CASE d.status WHEN 1 THEN 'UP' WHEN 0 THEN 'DOWN' ELSE 'UNKNOWN' END`;
const DEVICES = `(SELECT coalesce(json_agg(${DEVICE} ORDER BY i.interface_name), '[]') FROM vm_guest_agent_interfaces i WHERE i.vm_id = s.vm_guid)`;
const NICS = `(SELECT coalesce(json_agg(json_build_object('id', n.id, 'name', n.name, 'macAddress', n.mac_addr,
  'guestInterface', ${MATCHED}) ORDER BY n.name), '[]') FROM vm_interface n WHERE n.vm_guid = s.vm_guid)`;
const VM = `json_build_object('id', s.vm_guid, 'name', s.vm_name, 'status', ${STATUS},
  'guestInfo', json_build_object('networkDevices', ${DEVICES}), 'nics', ${NICS})`;
/** Reads pages in the order of bytes, for which our tables have an index, or in the database's own, as an engine's tables do. */
const ORDER = process.env.NAME_ORDER === "engine" ? "" : 'COLLATE "C"';
const FROM = `vm_static s JOIN vm_dynamic d ON d.vm_guid = s.vm_guid`;

/** The same interface at an instant, from a table with each state of an interface and its time. */
const PAST_DEVICE = `json_build_object('name', i.name, 'macAddress', i.mac_address,
  'ipv4Addresses', string_to_array(nullif(i.ipv4, ''), ','), 'ipv6Addresses', string_to_array(nullif(i.ipv6, ''), ','))`;
const THEN = `i.since <= $3 AND i.until > $3`;
const PAST_DEVICES = `(SELECT coalesce(json_agg(${PAST_DEVICE} ORDER BY i.name), '[]') FROM peer.device_span i WHERE i.vm_id = s.vm_guid AND ${THEN})`;
const PAST_MATCHED = `(SELECT ${PAST_DEVICE} FROM peer.device_span i
  WHERE i.vm_id = n.vm_guid AND i.mac_address = n.mac_addr AND ${THEN} ORDER BY i.name LIMIT 1)`;
const PAST_VM = VM.replace(DEVICES, () => PAST_DEVICES).replace(MATCHED, () => PAST_MATCHED);

const STATEMENTS = {
  vm: `SELECT json_build_object('data', json_build_object('vm', (SELECT ${VM} FROM ${FROM} WHERE s.vm_guid = $1)))::text AS body`,
  vms: `SELECT json_build_object('data', json_build_object('vms', json_build_object('nodes',
    (SELECT json_agg(vm ORDER BY name ${ORDER}) FROM (SELECT ${VM} AS vm, s.vm_name AS name FROM ${FROM}
     WHERE s.vm_name ${ORDER} > $2 ORDER BY s.vm_name ${ORDER}, s.vm_guid LIMIT $1) page))))::text AS body`,
  vmsAt: `SELECT json_build_object('data', json_build_object('vms', json_build_object('nodes',
    (SELECT json_agg(vm ORDER BY name ${ORDER}) FROM (SELECT ${PAST_VM} AS vm, s.vm_name AS name FROM ${FROM}
     WHERE s.vm_name ${ORDER} > $2 ORDER BY s.vm_name ${ORDER}, s.vm_guid LIMIT $1) page))))::text AS body`,
  vmNics: `SELECT json_build_object('data', json_build_object('vmNics',
    (SELECT json_agg(json_build_object('id', n.id, 'name', n.name, 'macAddress', n.mac_addr,
       'vm', json_build_object('id', s.vm_guid, 'name', s.vm_name), 'guestInterface', ${MATCHED}) ORDER BY n.name)
     FROM vm_interface n JOIN vm_static s ON s.vm_guid = n.vm_guid WHERE n.mac_addr = $1)))::text AS body`,
};
const VALUES = {
  vm: ({ id }) => [id],
  vms: ({ first, after }) => [first, after ?? ""],
  vmsAt: ({ first, after, at }) => [first, after ?? "", at],
  vmNics: ({ macAddress }) => [macAddress],
};

listen(
  createServer((request, reply) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const { operationName: name, variables } = JSON.parse(Buffer.concat(chunks).toString());
      pool.query({ name, text: STATEMENTS[name], values: VALUES[name](variables) }).then(
        ({ rows }) => {
          reply.writeHead(200, { "content-type": "application/json" });
          reply.end(rows[0].body);
        },
        (error) => reply.writeHead(500).end(String(error)),
      );
    });
  }),
);
