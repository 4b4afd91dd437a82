import { Column, Entity, ForeignKey, Index, PrimaryColumn } from "typeorm";
import { VdsStatic } from "./vds-static.js";
import { VmStatic } from "./vm-static.js";

/** What we know of a VM beyond oVirt's columns. */
@Entity("vnic_graph_vm")
@Index("idx_vnic_graph_vm_changed_at", ["changedAt", "vmId"])
@Index("idx_vnic_graph_vm_not_changed", ["vmId"], { where: "(changed_at IS NULL)" })
@Index("idx_vnic_graph_vm_primary_address", ["primaryAddress", "vmId"])
@Index("idx_vnic_graph_vm_no_address", ["vmId"], { where: "(primary_address IS NULL)" })
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

  /** Since when the VM's own data are stale, whatever its host does; NULL: they are not, or it began before this was kept. */
  @Column({ name: "stale_since", type: "timestamptz", nullable: true })
  staleSince!: Date | null;

  /** When the log got the VM's last change; NULL: not since it was kept here. */
  @Column({ name: "changed_at", type: "timestamptz", nullable: true })
  changedAt!: Date | null;

  /** The address by which to reach the guest, as of the last change; NULL: it has none, or none is known. */
  @Column({ name: "primary_address", type: "inet", nullable: true })
  primaryAddress!: string | null;

  /** MACs of vNICs that the guest shows under a name that is left out, joined by blanks. */
  @Column({ name: "ignored_macs", type: "text", nullable: true })
  ignoredMacs!: string | null;

  /** The interfaces' names in reported order, since rows have none. */
  @Column({ name: "interface_names", type: "text", array: true, nullable: true })
  interfaceNames!: (string | null)[] | null;
}
