/** The tables and columns of an engine's database that are always read. They are the same from oVirt 4.3 to 4.5. */
export const ENGINE_COLUMNS: Readonly<Record<string, readonly string[]>> = {
  vds_static: ["vds_id", "vds_name", "host_name", "port"],
  vds_dynamic: ["vds_id", "status"],
  vm_static: ["vm_guid", "vm_name", "entity_type"],
  vm_dynamic: ["vm_guid", "status", "run_on_vds", "vm_ip", "vm_fqdn", "guest_agent_nics_hash"],
  vm_interface: ["id", "vm_guid", "name", "mac_addr", "linked", "vnic_profile_id"],
  vm_device: ["device_id", "vm_id", "is_plugged"],
  vnic_profiles: ["id", "network_id"],
  network: ["id", "name"],
  vm_guest_agent_interfaces: ["vm_id", "interface_name", "mac_address", "ipv4_addresses", "ipv6_addresses"],
};

/** Further columns for REST, read only if the role may: a VM's cluster, template and operating system. */
export const OPTIONAL_ENGINE_COLUMNS: Readonly<Record<string, readonly string[]>> = {
  cluster: ["cluster_id", "name"],
  vm_static: ["cluster_id", "vmt_guid", "os", "creation_date", "description"],
};
