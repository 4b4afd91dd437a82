/**
 * Tables of an oVirt engine 4.3 to 4.5 as far as they matter here. They have columns, keys and indexes, none of ours
 * among them.
 */
export const ENGINE_SCHEMA = [
  `CREATE TABLE cluster (cluster_id uuid PRIMARY KEY, name varchar(40) NOT NULL)`,
  `CREATE TABLE network (
    id uuid CONSTRAINT pk_network PRIMARY KEY, name varchar(256) NOT NULL, vdsm_network_name varchar(15), mtu integer)`,
  `CREATE TABLE vnic_profiles (
    id uuid CONSTRAINT pk_vnic_profiles_id PRIMARY KEY, name varchar(50) NOT NULL,
    network_id uuid NOT NULL REFERENCES network (id) ON DELETE CASCADE,
    port_mirroring boolean NOT NULL DEFAULT false)`,
  `CREATE INDEX idx_vnic_profiles_network_id ON vnic_profiles (network_id)`,
  `CREATE TABLE vds_static (
    vds_id uuid CONSTRAINT pk_vds_static PRIMARY KEY, vds_name varchar(255) NOT NULL, host_name varchar(255) NOT NULL,
    port integer NOT NULL, cluster_id uuid REFERENCES cluster (cluster_id), server_ssl_enabled boolean, ssh_port integer)`,
  `CREATE TABLE vds_dynamic (
    vds_id uuid CONSTRAINT pk_vds_dynamic PRIMARY KEY REFERENCES vds_static (vds_id), status integer NOT NULL)`,
  `CREATE INDEX idx_vds_dynamic_status ON vds_dynamic (status)`,
  `CREATE TABLE vm_static (
    vm_guid uuid CONSTRAINT pk_vm_static PRIMARY KEY, vm_name varchar(255) NOT NULL,
    entity_type varchar(32) NOT NULL, vmt_guid uuid NOT NULL REFERENCES vm_static (vm_guid),
    cluster_id uuid REFERENCES cluster (cluster_id), description varchar(4000) NOT NULL DEFAULT '',
    os integer NOT NULL DEFAULT 0, creation_date timestamptz)`,
  `CREATE INDEX idx_vm_static_vm_name ON vm_static (vm_name)`,
  `CREATE INDEX idx_vm_static_vmt_guid ON vm_static (vmt_guid)`,
  `CREATE INDEX idx_vm_static_cluster_id ON vm_static (cluster_id)`,
  `CREATE TABLE vm_dynamic (
    vm_guid uuid CONSTRAINT pk_vm_dynamic PRIMARY KEY REFERENCES vm_static (vm_guid) ON DELETE CASCADE,
    status integer NOT NULL, vm_ip text, vm_fqdn text DEFAULT '', vm_host varchar(255), client_ip varchar(255),
    guest_agent_nics_hash integer,
    run_on_vds uuid REFERENCES vds_static (vds_id), migrating_to_vds uuid REFERENCES vds_static (vds_id))`,
  `CREATE INDEX idx_vm_dynamic_run_on_vds ON vm_dynamic (run_on_vds)`,
  `CREATE INDEX idx_vm_dynamic_migrating_to_vds ON vm_dynamic (migrating_to_vds)`,
  `CREATE TABLE vm_statistics (
    vm_guid uuid CONSTRAINT pk_vm_statistics PRIMARY KEY REFERENCES vm_static (vm_guid) ON DELETE CASCADE,
    cpu_user numeric(18, 3) DEFAULT 0)`,
  `CREATE TABLE vm_interface (
    id uuid CONSTRAINT pk_vm_interface PRIMARY KEY,
    vm_guid uuid NOT NULL REFERENCES vm_static (vm_guid) ON DELETE CASCADE,
    mac_addr varchar(20), name varchar(50) NOT NULL, speed integer, type integer,
    linked boolean NOT NULL DEFAULT true, synced boolean NOT NULL DEFAULT true,
    vnic_profile_id uuid REFERENCES vnic_profiles (id) ON DELETE SET NULL)`,
  `CREATE INDEX idx_vm_interface_vm_guid ON vm_interface (vm_guid)`,
  `CREATE INDEX idx_vm_interface_vnic_profile_id ON vm_interface (vnic_profile_id)`,
  `CREATE TABLE vm_device (
    device_id uuid NOT NULL, vm_id uuid NOT NULL REFERENCES vm_static (vm_guid) ON DELETE CASCADE,
    type varchar(30) NOT NULL, device varchar(30) NOT NULL, is_plugged boolean,
    CONSTRAINT pk_vm_device PRIMARY KEY (device_id, vm_id))`,
  `CREATE INDEX idx_vm_device_vm_id ON vm_device (vm_id)`,
  `CREATE TABLE vm_guest_agent_interfaces (
    vm_id uuid NOT NULL REFERENCES vm_static (vm_guid) ON DELETE CASCADE,
    interface_name text, mac_address varchar(59), ipv4_addresses text, ipv6_addresses text)`,
  `CREATE INDEX idx_vm_guest_agent_interfaces_vm_id ON vm_guest_agent_interfaces (vm_id)`,
];
