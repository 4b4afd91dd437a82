import { Field, Int, ObjectType, registerEnumType } from "type-graphql";
import type { NetworkStatsKey } from "../../loaders/rows.js";
import { MOST_STATS_ROWS } from "../../model/limits.js";

/** The keys by which VMs are grouped. */
export const GuestNetworkStatsKeyEnum = {
  HOST: "HOST",
  NETWORK: "NETWORK",
  FAMILY: "FAMILY",
  STALE_REASON: "STALE_REASON",
} as const satisfies { [key in NetworkStatsKey]: key };

registerEnumType(GuestNetworkStatsKeyEnum, {
  name: "GuestNetworkStatsKey",
  description: "By what guests' networks are counted.",
  valuesConfig: {
    HOST: { description: "By the host that runs the VM; null: none does." },
    NETWORK: { description: "By the network of the VM's vNICs, in each of its networks; null: not known." },
    FAMILY: {
      description:
        "By the family of the guest's addresses, in each of its families; null: it has no address.",
    },
    STALE_REASON: { description: "By why the guest's data are stale; null: they are not." },
  },
});

/** The figures of a group. Its key is in network-stats-fields.ts. */
@ObjectType({
  simpleResolvers: true,
  description: "A group of VMs in figures. As stored last. What it is not grouped by is null.",
})
export class GuestNetworkStatsRow {
  @Field(() => Int, { description: "The VMs. Never null." })
  readonly vms!: number;

  @Field(() => Int, { description: "Their vNICs; by network, those that are on it. Never null." })
  readonly vnics!: number;

  @Field(() => Int, {
    description:
      "Their guests' addresses, each once a VM, loopback left out; by network, those on it; by family, those of it. Never null.",
  })
  readonly addresses!: number;

  @Field(() => Int, {
    description:
      "How many different ones of these addresses another VM has, too, as `addressConflicts` tells, on whichever network " +
      "that other VM has it; that VM may be in no group. Never null.",
  })
  readonly conflicts!: number;
}

/** The figures of all groups. */
@ObjectType({ simpleResolvers: true, description: "Guests' networks in figures. As stored last." })
export class GuestNetworkStats {
  @Field(() => [GuestNetworkStatsRow], {
    description: `The groups, those with the most VMs first, ${MOST_STATS_ROWS} at most. Empty: there is no VM. Never null.`,
  })
  readonly rows!: readonly GuestNetworkStatsRow[];

  @Field(() => Int, { description: "How many groups there are in all. Never null." })
  readonly groupCount!: number;

  @Field(() => Int, { description: "How many of them are not among `rows`. Never null." })
  readonly leftOut!: number;
}
