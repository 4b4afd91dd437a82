import { Column, Entity, ForeignKey, Index, PrimaryColumn } from "typeorm";
import { VdsStatic } from "./vds-static.js";
import { VmStatic } from "./vm-static.js";

/** The data of a VM for which oVirt has no columns. */
@Entity("vnic_graph_vm")
@Index("idx_vnic_graph_vm_changed_at", ["changedAt", "vmId"])
@Index("idx_vnic_graph_vm_not_changed", ["vmId"], { where: "(changed_at IS NULL)" })
@Index("idx_vnic_graph_vm_primary_address", ["primaryAddress", "vmId"])
@Index("idx_vnic_graph_vm_stale", { synchronize: false })
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

  /** Says which part of the last report cannot be read. */
  @Column({ name: "stale_detail", type: "text", nullable: true })
  staleDetail!: string | null;

  @Column({ name: "missed_passes", type: "int", default: 0 })
  missedPasses!: number;

  /** Stored when the guest falls silent. While it reports, the last success of its host is the time. */
  @Column({ name: "last_reported_at", type: "timestamptz", nullable: true })
  lastReportedAt!: Date | null;

  /** Since when the VM is stale for a reason of its own, not of its host. NULL: it is not, or the time is not known. */
  @Column({ name: "stale_since", type: "timestamptz", nullable: true })
  staleSince!: Date | null;

  /** When the VM's last change was written to the log; NULL: not known. */
  @Column({ name: "changed_at", type: "timestamptz", nullable: true })
  changedAt!: Date | null;

  /** The primary address of the guest, as of the last change; NULL: it has none, or none is known. */
  @Column({ name: "primary_address", type: "inet", nullable: true })
  primaryAddress!: string | null;

  /** MACs of vNICs that the guest reports under an ignored name, joined by blanks. */
  @Column({ name: "ignored_macs", type: "text", nullable: true })
  ignoredMacs!: string | null;

  /** The interfaces' names in reported order, because the interfaces' rows have no order. */
  @Column({ name: "interface_names", type: "text", array: true, nullable: true })
  interfaceNames!: (string | null)[] | null;
}
