/** Ids of the small engine's things, by what they are there for. */
export const ids = {
  blankTemplate: "00000000-0000-0000-0000-000000000000",
  template: "10000000-0000-4000-8000-00000000000f",
  host: "a0000000-0000-4000-8000-000000000001",
  lostHost: "a0000000-0000-4000-8000-000000000002",
  newHost: "a0000000-0000-4000-8000-000000000003",
  busy: "10000000-0000-4000-8000-000000000001",
  windows: "10000000-0000-4000-8000-000000000002",
  stopped: "10000000-0000-4000-8000-000000000003",
  lost: "10000000-0000-4000-8000-000000000004",
  blank: "10000000-0000-4000-8000-000000000005",
  bare: "10000000-0000-4000-8000-000000000006",
  twin1: "10000000-0000-4000-8000-000000000007",
  twin2: "10000000-0000-4000-8000-000000000008",
  twin3: "10000000-0000-4000-8000-000000000009",
  nic1: "20000000-0000-4000-8000-000000000001",
  nic2: "20000000-0000-4000-8000-000000000002",
  nic3: "20000000-0000-4000-8000-000000000003",
  windowsNic: "20000000-0000-4000-8000-000000000004",
  templateNic: "20000000-0000-4000-8000-00000000000f",
  cluster: "50000000-0000-4000-8000-000000000001",
  network: "30000000-0000-4000-8000-000000000001",
  profile: "40000000-0000-4000-8000-000000000001",
} as const;

/** As long as an adapter of Windows was seen to be called. */
export const WINDOWS_NAME =
  "Red Hat VirtIO Ethernet Adapter #2 - Native WiFi Filter Driver-0000-QoS Packet Sched-1";

/** Rows of an engine that has seen something. */
export const SMALL_ENGINE = [
  `INSERT INTO network (id, name) VALUES ('${ids.network}', 'ovirtmgmt')`,
  `INSERT INTO vnic_profiles (id, name, network_id) VALUES ('${ids.profile}', 'mgmt profile', '${ids.network}')`,
  `INSERT INTO vds_static (vds_id, vds_name, host_name, port) VALUES
    ('${ids.host}', 'alpha', 'alpha.example', 54321), ('${ids.lostHost}', 'lost', '2001:db8::1', 54321),
    ('${ids.newHost}', 'new', 'new.example', 54321)`,
  `INSERT INTO vds_dynamic (vds_id, status) VALUES ('${ids.host}', 3), ('${ids.lostHost}', 4)`,
  `INSERT INTO vm_static (vm_guid, vm_name, entity_type, vmt_guid) VALUES
    ('${ids.blankTemplate}', 'Blank', 'TEMPLATE', '${ids.blankTemplate}'),
    ('${ids.template}', 'busy', 'TEMPLATE', '${ids.blankTemplate}'),
    ('10000000-0000-4000-8000-0000000000aa', 'Large', 'INSTANCE_TYPE', '${ids.blankTemplate}')`,
  `INSERT INTO vm_static (vm_guid, vm_name, entity_type, vmt_guid) VALUES
    ${(
      [
        [ids.busy, "busy"],
        [ids.windows, "windows"],
        [ids.stopped, "stopped"],
        [ids.lost, "lost"],
        [ids.blank, "blank"],
        [ids.bare, "bare"],
        [ids.twin1, "twin"],
        [ids.twin2, "twin"],
        [ids.twin3, "twin"],
      ] as const
    )
      .map(([id, name]) => `('${id}', '${name}', 'VM', '${ids.blankTemplate}')`)
      .join(", ")}`,
  `INSERT INTO vm_dynamic (vm_guid, status, run_on_vds, vm_ip, vm_fqdn, guest_agent_nics_hash) VALUES
    ('${ids.busy}', 1, '${ids.host}', '192.0.2.99 not-an-address 2001:db8::99', 'busy.example', 4711),
    ('${ids.windows}', 1, '${ids.host}', NULL, '', 4712),
    ('${ids.stopped}', 0, NULL, NULL, NULL, 0),
    ('${ids.lost}', 7, '${ids.lostHost}', NULL, NULL, 0),
    ('${ids.blank}', 1, '${ids.host}', '', NULL, NULL),
    ('${ids.twin1}', 1, '${ids.host}', NULL, NULL, 1), ('${ids.twin2}', 1, '${ids.host}', NULL, NULL, 1),
    ('${ids.twin3}', 1, '${ids.host}', NULL, NULL, 1)`,
  `INSERT INTO cluster (cluster_id, name) VALUES ('${ids.cluster}', 'west')`,
  `UPDATE vm_static SET cluster_id = '${ids.cluster}', vmt_guid = '${ids.template}', os = 34,
      creation_date = '2024-02-29 12:34:56.789+00', description = 'the busy one'
    WHERE vm_guid = '${ids.busy}'`,
  // Only one VM has statistics: an engine's view would show no other.
  `INSERT INTO vm_statistics (vm_guid) VALUES ('${ids.busy}')`,
  `INSERT INTO vm_interface (id, vm_guid, name, mac_addr, linked, vnic_profile_id) VALUES
    ('${ids.nic2}', '${ids.busy}', 'nic2', '56:6f:00:00:00:02', true, NULL),
    ('${ids.nic1}', '${ids.busy}', 'nic1', '56:6F:00:00:00:01', true, '${ids.profile}'),
    ('${ids.nic3}', '${ids.busy}', 'nic3', NULL, false, '${ids.profile}'),
    ('${ids.windowsNic}', '${ids.windows}', 'nic1', '56:6f:00:00:00:01', true, '${ids.profile}'),
    ('${ids.templateNic}', '${ids.template}', 'nic1', '56:6f:00:00:00:ff', true, '${ids.profile}')`,
  `INSERT INTO vm_device (device_id, vm_id, type, device, is_plugged) VALUES
    ('${ids.nic1}', '${ids.busy}', 'interface', 'bridge', true),
    ('${ids.nic2}', '${ids.busy}', 'interface', 'bridge', false)`,
  `INSERT INTO vm_guest_agent_interfaces VALUES
    ('${ids.busy}', 'eth1', '56:6F:00:00:00:02', '192.0.2.10,192.0.2.11', 'FE80::ABCD%eth1'),
    ('${ids.busy}', 'eth0', '56:6f:00:00:00:01', '', NULL),
    ('${ids.busy}', 'eth0', '56:6f:00:00:00:01', '', NULL),
    ('${ids.busy}', 'eth0', '56:6f:00:00:00:01', NULL, ''),
    ('${ids.busy}', NULL, NULL, NULL, NULL),
    ('${ids.busy}', 'junk', 'no MAC', '192.0.2.300,,192.0.2.12,10.0.0.0/8', 'fe80::x,::1::'),
    ('${ids.busy}', 'dash', '56-6F-00-00-00-03', '', ''),
    ('${ids.busy}', 'ib0', '80:00:02:08:FE:80:00:00:00:00:00:00:00:02:C9:03:00:1D:AB:12', '', '')`,
  `INSERT INTO vm_guest_agent_interfaces VALUES
    ('${ids.windows}', '${WINDOWS_NAME}', '56:6f:00:00:00:01', '',
      '2001:db8:0:0:0:0:0:5,2001:0DB8:0000:0000:0000:0000:0000:0006'),
    ('${ids.stopped}', 'eth0', '56:6f:00:00:00:05', '192.0.2.50', ''),
    ('${ids.lost}', '', '56:6f:00:00:00:06', '192.0.2.60', '')`,
];
