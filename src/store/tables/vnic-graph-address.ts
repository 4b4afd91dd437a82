import { Entity, ForeignKey, Index, PrimaryColumn } from "typeorm";
import { VmStatic } from "./vm-static.js";

/**
 * The addresses of guests as numbers, which an index finds by prefix. A pass that changes addresses also updates this
 * table.
 */
@Entity("vnic_graph_address")
@Index("idx_vnic_graph_address_address", ["address", "vmId"])
export class VnicGraphAddress {
  @PrimaryColumn({ name: "vm_id", type: "uuid", primaryKeyConstraintName: "pk_vnic_graph_address" })
  @ForeignKey(() => VmStatic, { name: "fk_vnic_graph_address_vm_static", onDelete: "CASCADE" })
  vmId!: string;

  @PrimaryColumn({ name: "address", type: "inet", primaryKeyConstraintName: "pk_vnic_graph_address" })
  address!: string;
}
