import { Column, Entity, Index, PrimaryColumn } from "typeorm";

/** The part of a VM that does not change while it runs, as oVirt keeps it. Templates of an engine share the table. */
@Entity("vm_static")
@Index("idx_vm_static_vm_name_vm_guid", { synchronize: false })
@Index("idx_vm_static_lower_name", { synchronize: false })
@Index("idx_vm_static_name_trigrams", { synchronize: false })
export class VmStatic {
  @PrimaryColumn({ name: "vm_guid", type: "uuid", primaryKeyConstraintName: "pk_vm_static" })
  id!: string;

  @Column({ name: "vm_name", type: "varchar", length: 255 })
  name!: string;

  @Column({ name: "description", type: "varchar", length: 4000, default: "" })
  description!: string;

  @Column({ name: "entity_type", type: "varchar", length: 32, default: "VM" })
  entityType!: string;
}
