import { Column, Entity, ForeignKey, Index, PrimaryColumn } from "typeorm";
import { VmStatic } from "./vm-static.js";

/** A vNIC as oVirt keeps it. */
@Entity("vm_interface")
@Index("idx_vm_interface_vm_guid_id", ["vmId", "id"], { unique: true })
export class VmInterface {
  @PrimaryColumn({ name: "id", type: "uuid", primaryKeyConstraintName: "pk_vm_interface" })
  id!: string;

  @Column({ name: "vm_guid", type: "uuid" })
  @ForeignKey(() => VmStatic, { name: "fk_vm_interface_vm_static", onDelete: "CASCADE" })
  vmId!: string;

  @Column({ name: "name", type: "varchar", length: 50 })
  name!: string;

  @Index("idx_vm_interface_mac_addr")
  @Column({ name: "mac_addr", type: "varchar", length: 20, nullable: true })
  macAddress!: string | null;

  @Column({ name: "linked", type: "boolean", default: true })
  linked!: boolean;
}
