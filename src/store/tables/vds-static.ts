import { Column, Entity, PrimaryColumn } from "typeorm";

/** A host as oVirt keeps it. */
@Entity("vds_static")
export class VdsStatic {
  @PrimaryColumn({ name: "vds_id", type: "uuid", primaryKeyConstraintName: "pk_vds_static" })
  id!: string;

  @Column({ name: "vds_name", type: "varchar", length: 255 })
  name!: string;

  @Column({ name: "host_name", type: "varchar", length: 255 })
  host!: string;

  @Column({ name: "port", type: "int" })
  port!: number;
}
