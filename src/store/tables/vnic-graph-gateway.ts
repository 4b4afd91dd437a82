import { Column, Entity, PrimaryColumn } from "typeorm";

/** A process that polls hosts, from its start until its lease ends. */
@Entity("vnic_graph_gateway")
export class VnicGraphGateway {
  /** Made at random at each start. */
  @PrimaryColumn({ name: "gateway_id", type: "uuid", primaryKeyConstraintName: "pk_vnic_graph_gateway" })
  gatewayId!: string;

  /** Machine and port: a gateway that starts again has the same name, and takes over from its former self. */
  @Column({ name: "name", type: "text" })
  name!: string;

  /** NULL: it polls nothing by itself, and its list of hosts does not count. */
  @Column({ name: "interval_ms", type: "int", nullable: true })
  intervalMs!: number | null;

  /** Until then other gateways respect its claims; its heartbeat moves it on every few seconds. */
  @Column({ name: "alive_until", type: "timestamptz" })
  aliveUntil!: Date;

  /** Until then the hosts that its settings name are polled. */
  @Column({ name: "leased_until", type: "timestamptz" })
  leasedUntil!: Date;
}
