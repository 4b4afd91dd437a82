import { Column, Entity, ForeignKey, Index, PrimaryColumn } from "typeorm";
import { ADDRESS_LIST } from "../addresses.js";
import { VmStatic } from "./vm-static.js";

/**
 * An interface as a guest reports it. The table has no key and may hold equal rows, as in oVirt. TypeORM requires a key, so
 * `vm_id` is declared as one. Never load this entity: TypeORM would merge the rows of one VM. Read raw rows instead. For
 * the same reason TypeORM's comparison of schemas leaves the table out.
 *
 * The columns that are declared here are the only list of an interface's fields: reading, writing and comparing use it.
 */
@Entity("vm_guest_agent_interfaces", { synchronize: false })
export class VmGuestAgentInterface {
  @Index("idx_vm_guest_agent_interfaces_vm_id")
  @PrimaryColumn({ name: "vm_id", type: "uuid" })
  @ForeignKey(() => VmStatic, { name: "fk_vm_guest_agent_interfaces_vm_static", onDelete: "CASCADE" })
  vmId!: string;

  @Column({ name: "interface_name", type: "text", nullable: true })
  name!: string | null;

  @Column({ name: "mac_address", type: "varchar", length: 59, nullable: true })
  macAddress!: string | null;

  @Column({ name: "ipv4_addresses", type: "text", nullable: true, transformer: ADDRESS_LIST })
  ipv4Addresses!: readonly string[];

  @Column({ name: "ipv6_addresses", type: "text", nullable: true, transformer: ADDRESS_LIST })
  ipv6Addresses!: readonly string[];
}
