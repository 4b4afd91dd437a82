import { Column, Entity, ForeignKey, Index, PrimaryColumn } from "typeorm";
import { VmStatic } from "./vm-static.js";

/**
 * An interface as a guest reports it. The table has no key and may hold equal rows, as in oVirt. TypeORM insists on one,
 * so `vm_id` is said to be it: never load this entity, for its rows of one VM would be merged into one. Read raw rows.
 * For the same reason the table is left out of TypeORM's comparison of schemas.
 */
@Entity("vm_guest_agent_interfaces", { synchronize: false })
@Index("idx_vm_guest_agent_interfaces_addresses", { synchronize: false })
export class VmGuestAgentInterface {
  @Index("idx_vm_guest_agent_interfaces_vm_id")
  @PrimaryColumn({ name: "vm_id", type: "uuid" })
  @ForeignKey(() => VmStatic, { name: "fk_vm_guest_agent_interfaces_vm_static", onDelete: "CASCADE" })
  vmId!: string;

  @Column({ name: "interface_name", type: "text", nullable: true })
  name!: string | null;

  @Column({ name: "mac_address", type: "varchar", length: 59, nullable: true })
  macAddress!: string | null;

  /** Joined by `,`; `''` and NULL are both none. */
  @Column({ name: "ipv4_addresses", type: "text", nullable: true })
  ipv4Addresses!: string | null;

  @Column({ name: "ipv6_addresses", type: "text", nullable: true })
  ipv6Addresses!: string | null;
}
