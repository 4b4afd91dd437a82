import { Column, Entity, ForeignKey, Index, PrimaryColumn } from "typeorm";
import { VmStatic } from "./vm-static.js";

/** The differences between VMs' vNICs and their guests' interfaces (drift). A pass that changes them updates this table. */
@Entity("vnic_graph_drift")
@Index("idx_vnic_graph_drift_kind", ["kind", "vmId", "key"])
export class VnicGraphDrift {
  @PrimaryColumn({ name: "vm_id", type: "uuid", primaryKeyConstraintName: "pk_vnic_graph_drift" })
  @ForeignKey(() => VmStatic, { name: "fk_vnic_graph_drift_vm_static", onDelete: "CASCADE" })
  vmId!: string;

  @PrimaryColumn({ name: "kind", type: "smallint", primaryKeyConstraintName: "pk_vnic_graph_drift" })
  kind!: number;

  /** The vNIC's id, or the interface's MAC and name. */
  @PrimaryColumn({
    name: "key",
    type: "text",
    collation: "C",
    primaryKeyConstraintName: "pk_vnic_graph_drift",
  })
  key!: string;

  @Column({ name: "nic_id", type: "uuid", nullable: true })
  nicId!: string | null;

  @Column({ name: "device_name", type: "text", nullable: true })
  deviceName!: string | null;

  @Column({ name: "device_mac", type: "text", nullable: true })
  deviceMac!: string | null;
}
