import { Column, Entity, ForeignKey, PrimaryColumn } from "typeorm";
import { VdsStatic } from "./vds-static.js";

/** What we know of polling a host, and the fence of its passes. */
@Entity("vnic_graph_host")
export class VnicGraphHost {
  @PrimaryColumn({ name: "host_id", type: "uuid", primaryKeyConstraintName: "pk_vnic_graph_host" })
  @ForeignKey(() => VdsStatic, { name: "fk_vnic_graph_host_vds_static", onDelete: "CASCADE" })
  hostId!: string;

  /** Raised by every claim, and by whoever takes a VM from the host. A pass writes only at the epoch of its claim. */
  @Column({ name: "epoch", type: "bigint", default: 0 })
  epoch!: string;

  /** `false`: no longer polled; its VMs stay readable. */
  @Column({ name: "active", type: "boolean", default: true })
  active!: boolean;

  /** `true`: polled as long as the settings of a gateway name it; `false`: added while running. */
  @Column({ name: "from_settings", type: "boolean", default: true })
  fromSettings!: boolean;

  @Column({ name: "interval_ms", type: "int", nullable: true })
  intervalMs!: number | null;

  @Column({ name: "last_attempt_at", type: "timestamptz", nullable: true })
  lastAttemptAt!: Date | null;

  @Column({ name: "last_success_at", type: "timestamptz", nullable: true })
  lastSuccessAt!: Date | null;

  /** The success before the last: when a guest that the last pass found silent was last heard. */
  @Column({ name: "previous_success_at", type: "timestamptz", nullable: true })
  previousSuccessAt!: Date | null;

  /** NULL once a pass succeeds. */
  @Column({ name: "last_error_kind", type: "text", nullable: true })
  lastErrorKind!: string | null;

  /** Since when its passes fail; NULL: they do not, or it began before this was kept. */
  @Column({ name: "failing_since", type: "timestamptz", nullable: true })
  failingSince!: Date | null;

  @Column({ name: "last_error", type: "text", nullable: true })
  lastError!: string | null;

  /** What of the last answer could not be read; NULL: nothing. */
  @Column({ name: "last_warning", type: "text", nullable: true })
  lastWarning!: string | null;

  @Column({ name: "vm_count", type: "int", nullable: true })
  vmCount!: number | null;

  @Column({ name: "last_duration_ms", type: "int", nullable: true })
  lastDurationMs!: number | null;

  /** The gateway that claimed the host last. */
  @Column({ name: "claimed_by", type: "uuid", nullable: true })
  claimedBy!: string | null;

  /** Until then, or until the pass ends, no other gateway claims the host. NULL: no pass is under way. */
  @Column({ name: "claimed_until", type: "timestamptz", nullable: true })
  claimedUntil!: Date | null;

  /** A gateway that was refused a claim: the next one is its. */
  @Column({ name: "wanted_by", type: "uuid", nullable: true })
  wantedBy!: string | null;

  @Column({ name: "wanted_until", type: "timestamptz", nullable: true })
  wantedUntil!: Date | null;

  /** Since when the host's passes were superseded; the one that waits longest writes first. NULL: the last one was not. */
  @Column({ name: "waiting_since", type: "timestamptz", nullable: true })
  waitingSince!: Date | null;
}
