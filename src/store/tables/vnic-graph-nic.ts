import { Column, Entity, ForeignKey, Index, PrimaryColumn } from "typeorm";
import { VmInterface } from "./vm-interface.js";

/** A vNIC's network by name, which an engine keeps in its vNIC profiles, and the vNIC's VM. */
@Entity("vnic_graph_nic")
@Index("idx_vnic_graph_nic_lower_network", { synchronize: false })
@ForeignKey(() => VmInterface, ["vmId", "nicId"], ["vmId", "id"], {
  name: "fk_vnic_graph_nic_vm_interface",
  onDelete: "CASCADE",
  onUpdate: "CASCADE",
})
export class VnicGraphNic {
  @PrimaryColumn({ name: "nic_id", type: "uuid", primaryKeyConstraintName: "pk_vnic_graph_nic" })
  nicId!: string;

  @Column({ name: "network", type: "text" })
  network!: string;

  @Index("idx_vnic_graph_nic_vm_id")
  @Column({ name: "vm_id", type: "uuid" })
  vmId!: string;
}
