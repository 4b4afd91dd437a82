import { Field, ID, ObjectType } from "type-graphql";
import { DateTimeScalar, IPScalar, IPv4Scalar, IPv6Scalar, MACScalar } from "./scalars.js";

/*
 * The plain fields of the API's objects. Fields that link one object to another are in *-fields.ts, so that no file
 * imports in a circle. All fields of Vm and VmNic except their keys are nullable, although the tables always have their
 * values: in a federated graph several teams share these objects, and our outage must not null what another team
 * serves.
 */

/** Describes when such a field of a shared type is null. */
export const NULL_ELSEWHERE =
  "Null only beside an error, or for an object of a federated graph that is not known here.";

/** A virtual machine. */
@ObjectType({ simpleResolvers: true, description: "A virtual machine, as the host that runs it reports it." })
export class Vm {
  @Field(() => ID, { description: "The VM's UUID, the same as in oVirt. Never null." })
  readonly id!: string;

  @Field(() => String, {
    nullable: true,
    description: `The VM's name. ${NULL_ELSEWHERE}`,
  })
  readonly name!: string;
}

/** A virtual NIC. */
@ObjectType({
  simpleResolvers: true,
  description:
    "A virtual NIC of a VM, as the hypervisor knows it; `guestInterface` is the same NIC seen from inside.",
})
export class VmNic {
  @Field(() => ID, {
    description: "The vNIC's UUID, the same as in oVirt where the host reports it. Never null.",
  })
  readonly id!: string;

  @Field(() => String, {
    nullable: true,
    description:
      "Its name outside the guest, such as `nic1` or `vnet0`. As fresh as the VM's list of devices. " +
      NULL_ELSEWHERE,
  })
  readonly name!: string;

  @Field(() => MACScalar, {
    nullable: true,
    description:
      "The MAC that the hypervisor gave it; what the guest made of it may differ. Null if it has none.",
  })
  readonly macAddress!: string | null;

  @Field(() => String, {
    nullable: true,
    description: "The network that it is plugged into; null if none is known.",
  })
  readonly network!: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description: `Whether its virtual cable is plugged in. As fresh as the VM's list of devices. ${NULL_ELSEWHERE}`,
  })
  readonly linked!: boolean;

  @Field(() => Boolean, {
    nullable: true,
    description:
      "Whether the VM has the device. An engine also knows vNICs that are unplugged; hosts report plugged ones only. " +
      "As fresh as the VM's list of devices. Null: not known.",
  })
  readonly plugged?: boolean | null;
}

/** What a guest says of itself. */
@ObjectType({
  simpleResolvers: true,
  description:
    "What the guest says of itself through its agent. Null fields are not known; empty lists mean that the guest says " +
    "it has none. VDSM asks a guest every two minutes, so a change may take that long to show.",
})
export class GuestInfo {
  @Field(() => String, { nullable: true, description: "The guest's full host name. Null: not known." })
  readonly fqdn!: string | null;

  @Field(() => [IPScalar], {
    nullable: true,
    description:
      "The addresses of the guest's network devices, IPv4 before IPv6, in the order of these; of an old agent, which reports no " +
      "devices, those that it reports. Null: not known; empty: none.",
  })
  readonly ips!: readonly string[] | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description:
      "When a host last reported this guest's data. Of the past it is kept only for guests that were silent. Null: never, " +
      "it was not kept, or an engine asks the hosts and keeps no time of it.",
  })
  readonly lastReportedAt!: Date | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description:
      "When anything of the VM last changed that this graph shows, staleness of its host aside: the newest of " +
      "`guestHistory`. As of the last look at its host; `at` a past time, the newest up to then. Null: not since such times are " +
      "kept, in an event or a difference of a history, or an engine asks the hosts.",
  })
  readonly lastChangedAt!: Date | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description:
      "Since when this is stale, for whatever reason came first; as of now, or then if `at` a past time, of which outages of hosts are not " +
      "kept. Null: it is current, it is not known, in an event or a difference of a history, or an engine asks the hosts.",
  })
  readonly staleSince!: Date | null;
}

/** A network interface inside a guest. */
@ObjectType({
  simpleResolvers: true,
  description:
    "A network interface inside the guest, as the guest reports it. Bridges, bonds, VLANs and tunnels are interfaces, " +
    "too, so there may be more of them than vNICs, and several with one MAC.",
})
export class NetworkDevice {
  @Field(() => String, {
    nullable: true,
    description: "Its name inside the guest, such as `eth0`. Null: not reported.",
  })
  readonly name!: string | null;

  @Field(() => MACScalar, {
    nullable: true,
    description: "Its MAC, as the guest sees it. Null: not reported.",
  })
  readonly macAddress!: string | null;

  @Field(() => [IPv4Scalar], {
    description:
      "Its IPv4 addresses, in reported order; of hosts that the gateway polls, those that it had before first. Empty if it has none.",
  })
  readonly ipv4Addresses!: readonly string[];

  @Field(() => [IPv6Scalar], {
    description:
      "Its IPv6 addresses without zones, in reported order; of hosts that the gateway polls, those that it had before first. Empty if it has none.",
  })
  readonly ipv6Addresses!: readonly string[];
}

/** The address by which to reach a guest. `device` and `vmNic` are in primary-address-fields.ts. */
@ObjectType({
  simpleResolvers: true,
  description:
    "The address by which to reach a guest. Chosen among those that the guest reports: on the named network first, beyond " +
    "its link before link-local, of an interface that is a vNIC before one of the guest's own, global before shared " +
    "(100.64.0.0/10) before unique-local, IPv4 before IPv6. Loopback addresses, 192.0.0.0/29 and bridges of containers " +
    "are never it. As fresh as the guest's interfaces.",
})
export class PrimaryAddress {
  @Field(() => IPScalar, { description: "The address." })
  readonly address!: string;

  @Field(() => String, { description: "Why it is this one, in words for people." })
  readonly reason!: string;
}

/** A hypervisor host. */
@ObjectType({ simpleResolvers: true, description: "A hypervisor host that reports VMs." })
export class Host {
  @Field(() => ID, {
    description: "The host's UUID: stable, and derived from its address unless an engine gave it.",
  })
  readonly id!: string;

  @Field(() => String, {
    description: "The name that the host gives itself; its address until that is known.",
  })
  readonly name!: string;

  @Field(() => String, { description: "Where it is asked: `host:port`, IPv6 in brackets." })
  readonly address!: string;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description:
      "When it last answered whole: its VMs' data are as fresh as this. Null: never, or an engine asks it and keeps no " +
      "time of it.",
  })
  readonly lastSuccessAt!: Date | null;

  @Field(() => String, {
    nullable: true,
    description:
      "Why it failed when it was last asked, in one line. Null if it did not fail, or if an engine asks it.",
  })
  readonly lastError!: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      "What of its last answer could not be read, or contradicts another host's, in one line. Null if nothing does, if it " +
      "never answered, or if an engine asks it. Always null for a viewer with a scope, because it names VMs.",
  })
  readonly lastWarning!: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description:
      "Whether a running gateway polls it, as of now. False: none does, so that its VMs' data grow old. Null: an engine asks it.",
  })
  readonly polled!: boolean | null;
}
