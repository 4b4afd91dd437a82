import "reflect-metadata";
import { ApolloServer } from "@apollo/server";
import { startStandaloneServer } from "@apollo/server/standalone";
import DataLoader from "dataloader";
import {
  Arg,
  Ctx,
  Field,
  FieldResolver,
  ID,
  Int,
  ObjectType,
  Query,
  Resolver,
  Root,
  buildSchema,
} from "type-graphql";
import { Column, DataSource, Entity, In, JoinColumn, MoreThan, OneToOne, PrimaryColumn } from "typeorm";

/** A server as tutorials write it: Apollo Server, TypeGraphQL, TypeORM's repositories, one DataLoader for each relation. */
const list = {
  to: (value: string[]) => value.join(","),
  from: (value: string | null) => (value === null || value === "" ? [] : value.split(",")),
};

@Entity("vm_dynamic")
class VmState {
  @PrimaryColumn("uuid", { name: "vm_guid" }) id!: string;
  @Column("int") status!: number;
}

@ObjectType()
@Entity("vm_static")
class Vm {
  @Field(() => ID) @PrimaryColumn("uuid", { name: "vm_guid" }) id!: string;
  @Field(() => String, { nullable: true }) @Column("text", { name: "vm_name" }) name!: string;
  @OneToOne(() => VmState) @JoinColumn({ name: "vm_guid" }) state!: VmState;
}

@ObjectType()
@Entity("vm_guest_agent_interfaces")
class NetworkDevice {
  @PrimaryColumn("uuid", { name: "vm_id" }) vmId!: string;
  @Field(() => String, { nullable: true }) @PrimaryColumn("text", { name: "interface_name" }) name!: string;
  @Field(() => String, { nullable: true }) @Column("text", { name: "mac_address" }) macAddress!: string;
  @Field(() => [String])
  @Column("text", { name: "ipv4_addresses", transformer: list })
  ipv4Addresses!: string[];
  @Field(() => [String])
  @Column("text", { name: "ipv6_addresses", transformer: list })
  ipv6Addresses!: string[];
}

@ObjectType()
@Entity("vm_interface")
class VmNic {
  @Field(() => ID) @PrimaryColumn("uuid") id!: string;
  @Column("uuid", { name: "vm_guid" }) vmId!: string;
  @Field(() => String, { nullable: true }) @Column("text") name!: string;
  @Field(() => String, { nullable: true }) @Column("text", { name: "mac_addr" }) macAddress!: string;
}

@ObjectType()
class GuestInfo {
  vmId!: string;
}

@ObjectType()
class VmConnection {
  @Field(() => [Vm]) nodes!: Vm[];
}

const dataSource = await new DataSource({
  type: "postgres",
  url: process.env["DATABASE_URL"] ?? "",
  entities: [Vm, VmState, NetworkDevice, VmNic],
}).initialize();

interface Context {
  readonly loaders: ReturnType<typeof createLoaders>;
}

function createLoaders() {
  return {
    vms: new DataLoader(async (ids: readonly string[]) => {
      const rows = await dataSource
        .getRepository(Vm)
        .find({ where: { id: In(ids) }, relations: { state: true } });
      const found = new Map(rows.map((row) => [row.id, row]));
      return ids.map((id) => found.get(id) ?? null);
    }),
    nics: new DataLoader(async (ids: readonly string[]) =>
      group(
        ids,
        await dataSource.getRepository(VmNic).find({ where: { vmId: In(ids) }, order: { name: "ASC" } }),
      ),
    ),
    devices: new DataLoader(async (ids: readonly string[]) =>
      group(
        ids,
        await dataSource
          .getRepository(NetworkDevice)
          .find({ where: { vmId: In(ids) }, order: { name: "ASC" } }),
      ),
    ),
  };
}

function group<Row extends { vmId: string }>(ids: readonly string[], rows: Row[]): Row[][] {
  const lists = new Map<string, Row[]>(ids.map((id) => [id, []]));
  for (const row of rows) lists.get(row.vmId)?.push(row);
  return ids.map((id) => lists.get(id) ?? []);
}

@Resolver(() => Vm)
class VmResolver {
  @Query(() => Vm, { nullable: true })
  vm(@Arg("id", () => ID) id: string, @Ctx() { loaders }: Context) {
    return loaders.vms.load(id);
  }

  @Query(() => VmConnection, { nullable: true })
  async vms(
    @Arg("first", () => Int, { defaultValue: 50 }) first: number,
    @Arg("after", () => String, { nullable: true }) after: string | null,
  ) {
    const nodes = await dataSource.getRepository(Vm).find({
      where: { name: MoreThan(after ?? "") },
      relations: { state: true },
      order: { name: "ASC" },
      take: first,
    });
    return { nodes };
  }

  @Query(() => [VmNic], { nullable: true })
  vmNics(@Arg("macAddress", () => String) macAddress: string) {
    return dataSource.getRepository(VmNic).find({ where: { macAddress }, order: { name: "ASC" } });
  }

  @FieldResolver(() => String, { nullable: true })
  status(@Root() vm: Vm) {
    return vm.state.status === 1 ? "UP" : vm.state.status === 0 ? "DOWN" : "UNKNOWN";
  }

  @FieldResolver(() => [VmNic], { nullable: true })
  nics(@Root() vm: Vm, @Ctx() { loaders }: Context) {
    return loaders.nics.load(vm.id);
  }

  @FieldResolver(() => GuestInfo, { nullable: true })
  guestInfo(@Root() vm: Vm) {
    return { vmId: vm.id };
  }
}

@Resolver(() => GuestInfo)
class GuestInfoResolver {
  @FieldResolver(() => [NetworkDevice], { nullable: true })
  networkDevices(@Root() guest: GuestInfo, @Ctx() { loaders }: Context) {
    return loaders.devices.load(guest.vmId);
  }
}

@Resolver(() => VmNic)
class VmNicResolver {
  @FieldResolver(() => Vm, { nullable: true })
  vm(@Root() nic: VmNic, @Ctx() { loaders }: Context) {
    return loaders.vms.load(nic.vmId);
  }

  @FieldResolver(() => NetworkDevice, { nullable: true })
  async guestInterface(@Root() nic: VmNic, @Ctx() { loaders }: Context) {
    const devices = await loaders.devices.load(nic.vmId);
    return devices.find(({ macAddress }) => macAddress === nic.macAddress) ?? null;
  }
}

const schema = await buildSchema({ resolvers: [VmResolver, GuestInfoResolver, VmNicResolver] });
const { url } = await startStandaloneServer(new ApolloServer<Context>({ schema, nodeEnv: "production" }), {
  listen: { port: 0, host: "127.0.0.1" },
  context: () => Promise.resolve({ loaders: createLoaders() }),
});
process.stdout.write(`listening ${url}\n`);
process.stdin.on("end", () => process.exit()).resume();
