import { Column, Entity, ForeignKey, PrimaryColumn } from "typeorm";
import { VdsStatic } from "./vds-static.js";

/** The state of a host's polling, and the fence of its passes. */
@Entity("vnic_graph_host")
export class VnicGraphHost {
  @PrimaryColumn({ name: "host_id", type: "uuid", primaryKeyConstraintName: "pk_vnic_graph_host" })
  @ForeignKey(() => VdsStatic, { name: "fk_vnic_graph_host_vds_static", onDelete: "CASCADE" })
  hostId!: string;

  /**
   * Every claim raises it, and every pass that takes a VM from the host. A pass writes only if the epoch is that of its
   * claim.
   */
  @Column({ name: "epoch", type: "bigint", default: 0 })
  epoch!: string;

  /** `false`: no longer polled; its VMs stay readable. */
  @Column({ name: "active", type: "boolean", default: true })
  active!: boolean;

  /** `true`: polled as long as a gateway's settings name it; `false`: added while running. */
  @Column({ name: "from_settings", type: "boolean", default: true })
  fromSettings!: boolean;

  @Column({ name: "interval_ms", type: "int", nullable: true })
  intervalMs!: number | null;

  @Column({ name: "last_attempt_at", type: "timestamptz", nullable: true })
  lastAttemptAt!: Date | null;

  @Column({ name: "last_success_at", type: "timestamptz", nullable: true })
  lastSuccessAt!: Date | null;

  /** The success before the last one. A guest that the last pass found silent had last reported then. */
  @Column({ name: "previous_success_at", type: "timestamptz", nullable: true })
  previousSuccessAt!: Date | null;

  /** NULL: the last pass succeeded. */
  @Column({ name: "last_error_kind", type: "text", nullable: true })
  lastErrorKind!: string | null;

  /** Since when its passes fail; NULL: they do not, or the time is not known. */
  @Column({ name: "failing_since", type: "timestamptz", nullable: true })
  failingSince!: Date | null;

  @Column({ name: "last_error", type: "text", nullable: true })
  lastError!: string | null;

  /** Says what of the last answer could not be read; NULL: nothing. */
  @Column({ name: "last_warning", type: "text", nullable: true })
  lastWarning!: string | null;

  @Column({ name: "vm_count", type: "int", nullable: true })
  vmCount!: number | null;

  @Column({ name: "last_duration_ms", type: "int", nullable: true })
  lastDurationMs!: number | null;

  /** The gateway that claimed the host last. */
  @Column({ name: "claimed_by", type: "uuid", nullable: true })
  claimedBy!: string | null;

  /** Until then, or until its pass ends, no other gateway claims the host. NULL: no pass is running. */
  @Column({ name: "claimed_until", type: "timestamptz", nullable: true })
  claimedUntil!: Date | null;

  /** A gateway whose claim was deferred. It gets the next claim. */
  @Column({ name: "wanted_by", type: "uuid", nullable: true })
  wantedBy!: string | null;

  @Column({ name: "wanted_until", type: "timestamptz", nullable: true })
  wantedUntil!: Date | null;

  /**
   * Since when the host's passes were superseded one after the other. The pass that has waited longest writes first. NULL:
   * the last one was not superseded.
   */
  @Column({ name: "waiting_since", type: "timestamptz", nullable: true })
  waitingSince!: Date | null;
}
