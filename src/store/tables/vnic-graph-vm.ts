import { Column, Entity, ForeignKey, Index, PrimaryColumn } from "typeorm";
import { VdsStatic } from "./vds-static.js";
import { VmStatic } from "./vm-static.js";

/** What we know of a VM beyond oVirt's columns. */
@Entity("vnic_graph_vm")
export class VnicGraphVm {
  @PrimaryColumn({ name: "vm_id", type: "uuid", primaryKeyConstraintName: "pk_vnic_graph_vm" })
  @ForeignKey(() => VmStatic, { name: "fk_vnic_graph_vm_vm_static", onDelete: "CASCADE" })
  vmId!: string;

  @Index("idx_vnic_graph_vm_contender_id", { where: "(contender_id IS NOT NULL)" })
  @Column({ name: "contender_id", type: "uuid", nullable: true })
  @ForeignKey(() => VdsStatic, { name: "fk_vnic_graph_vm_vds_static", onDelete: "SET NULL" })
  contenderId!: string | null;

  @Column({ name: "inventory_hash", type: "text", nullable: true })
  inventoryHash!: string | null;

  @Column({ name: "silence", type: "text", nullable: true })
  silence!: string | null;

  /** What of the last report cannot be read, in words. */
  @Column({ name: "stale_detail", type: "text", nullable: true })
  staleDetail!: string | null;

  @Column({ name: "missed_passes", type: "int", default: 0 })
  missedPasses!: number;

  /** Stored when the guest falls silent; while it reports, its host's last success is the time. */
  @Column({ name: "last_reported_at", type: "timestamptz", nullable: true })
  lastReportedAt!: Date | null;

  /** The interfaces' names in reported order, since rows have none. */
  @Column({ name: "interface_names", type: "text", array: true, nullable: true })
  interfaceNames!: (string | null)[] | null;
}
