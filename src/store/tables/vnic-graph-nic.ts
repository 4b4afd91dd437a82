import { Column, Entity, ForeignKey, Index, PrimaryColumn } from "typeorm";
import { VmInterface } from "./vm-interface.js";

/** A vNIC's network by name, which an engine keeps in its vNIC profiles. */
@Entity("vnic_graph_nic")
@Index("idx_vnic_graph_nic_lower_network", { synchronize: false })
export class VnicGraphNic {
  @PrimaryColumn({ name: "nic_id", type: "uuid", primaryKeyConstraintName: "pk_vnic_graph_nic" })
  @ForeignKey(() => VmInterface, { name: "fk_vnic_graph_nic_vm_interface", onDelete: "CASCADE" })
  nicId!: string;

  @Column({ name: "network", type: "text" })
  network!: string;
}
