import { Column, Entity, PrimaryColumn } from "typeorm";

/** A process that polls hosts, from its start until its lease ends. */
@Entity("vnic_graph_gateway")
export class VnicGraphGateway {
  /** A new random id at each start. */
  @PrimaryColumn({ name: "gateway_id", type: "uuid", primaryKeyConstraintName: "pk_vnic_graph_gateway" })
  gatewayId!: string;

  /** Machine and port. After a restart the name is the same, so that the gateway takes over from its former process. */
  @Column({ name: "name", type: "text" })
  name!: string;

  /** NULL: it polls hosts on request only, and its list of hosts does not count. */
  @Column({ name: "interval_ms", type: "int", nullable: true })
  intervalMs!: number | null;

  /** Until then other gateways respect its claims. Its heartbeat postpones this every few seconds. */
  @Column({ name: "alive_until", type: "timestamptz" })
  aliveUntil!: Date;

  /** Until then the hosts in its settings are polled. */
  @Column({ name: "leased_until", type: "timestamptz" })
  leasedUntil!: Date;
}
