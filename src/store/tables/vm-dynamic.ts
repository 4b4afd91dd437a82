import { Column, Entity, ForeignKey, Index, PrimaryColumn } from "typeorm";
import { VdsStatic } from "./vds-static.js";
import { VmStatic } from "./vm-static.js";

/** The part of a VM that changes while it runs, as oVirt keeps it. */
@Entity("vm_dynamic")
@Index("idx_vm_dynamic_vm_fqdn", { synchronize: false })
@Index("idx_vm_dynamic_lower_fqdn", { synchronize: false })
@Index("idx_vm_dynamic_fqdn_trigrams", { synchronize: false })
@Index("idx_vm_dynamic_status", ["status", "vmId"])
@Index("idx_vm_dynamic_no_host", ["vmId"], { where: "(run_on_vds IS NULL)" })
export class VmDynamic {
  @PrimaryColumn({ name: "vm_guid", type: "uuid", primaryKeyConstraintName: "pk_vm_dynamic" })
  @ForeignKey(() => VmStatic, { name: "vm_static_vm_dynamic", onDelete: "CASCADE" })
  vmId!: string;

  @Column({ name: "status", type: "int" })
  status!: number;

  @Column({ name: "vm_ip", type: "text", nullable: true })
  ips!: string | null;

  @Column({ name: "vm_fqdn", type: "text", nullable: true, default: "" })
  fqdn!: string | null;

  @Index("idx_vm_dynamic_run_on_vds")
  @Column({ name: "run_on_vds", type: "uuid", nullable: true })
  @ForeignKey(() => VdsStatic, { name: "vds_static_vm_dynamic_r" })
  ownerId!: string | null;

  @Index("idx_vm_dynamic_migrating_to_vds", { where: "(migrating_to_vds IS NOT NULL)" })
  @Column({ name: "migrating_to_vds", type: "uuid", nullable: true })
  @ForeignKey(() => VdsStatic, { name: "vds_static_vm_dynamic_m" })
  incomingId!: string | null;
}
