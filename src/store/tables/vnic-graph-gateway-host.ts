import { Entity, ForeignKey, Index, PrimaryColumn } from "typeorm";
import { VdsStatic } from "./vds-static.js";
import { VnicGraphGateway } from "./vnic-graph-gateway.js";

/** A host that is named in a gateway's settings. */
@Entity("vnic_graph_gateway_host")
export class VnicGraphGatewayHost {
  @PrimaryColumn({ name: "gateway_id", type: "uuid", primaryKeyConstraintName: "pk_vnic_graph_gateway_host" })
  @ForeignKey(() => VnicGraphGateway, { name: "fk_vnic_graph_gateway_host_gateway", onDelete: "CASCADE" })
  gatewayId!: string;

  @PrimaryColumn({ name: "host_id", type: "uuid", primaryKeyConstraintName: "pk_vnic_graph_gateway_host" })
  @Index("idx_vnic_graph_gateway_host_host_id")
  @ForeignKey(() => VdsStatic, { name: "fk_vnic_graph_gateway_host_vds_static", onDelete: "CASCADE" })
  hostId!: string;
}
