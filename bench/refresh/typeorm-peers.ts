import "reflect-metadata";
import { Column, DataSource, Entity, ManyToOne, OneToMany, PrimaryColumn } from "typeorm";
import type { Target } from "./target.js";

@Entity("peer_vm")
class PeerVm {
  @PrimaryColumn({ type: "uuid" })
  id!: string;

  @Column({ type: "text", nullable: true })
  ips!: string | null;

  @OneToMany(() => PeerInterface, (device) => device.vm, { cascade: true })
  interfaces!: PeerInterface[];
}

@Entity("peer_interface")
class PeerInterface {
  @PrimaryColumn({ type: "bigint" })
  id!: string;

  @ManyToOne(() => PeerVm, (vm) => vm.interfaces, { onDelete: "CASCADE" })
  vm?: unknown;

  @Column({ type: "text", nullable: true })
  name!: string | null;

  @Column({ type: "text", nullable: true })
  macAddress!: string | null;

  @Column({ type: "text" })
  ipv4!: string;

  @Column({ type: "text" })
  ipv6!: string;
}

/** The same data in TypeORM's way: entities with keys, a cascade, and `save`. */
export class TypeOrmPeers {
  private constructor(private readonly dataSource: DataSource) {}

  /** Creates tables with the VMs of the target only, since no other rows are loaded. */
  static async on(url: string, target: Target): Promise<TypeOrmPeers> {
    const entities = [PeerVm, PeerInterface];
    const dataSource = new DataSource({
      type: "postgres",
      url,
      entities,
      synchronize: true,
      installExtensions: false,
    });
    await dataSource.initialize();
    await dataSource.getRepository(PeerVm).save(createEntities(target), { chunk: 500 });
    await dataSource.query(ADDRESS_INDEX);
    return new TypeOrmPeers(dataSource);
  }

  /** Saves the VMs one by one. */
  async saveEach(target: Target): Promise<void> {
    for (const vm of createEntities(target)) await this.dataSource.getRepository(PeerVm).save(vm);
  }

  /** Saves all VMs with one `save`. */
  async saveAll(target: Target): Promise<void> {
    await this.dataSource.getRepository(PeerVm).save(createEntities(target));
  }

  async ping(): Promise<void> {
    await this.dataSource.query("SELECT 1");
  }

  close(): Promise<void> {
    return this.dataSource.destroy();
  }
}

/** Creates the entities. Interfaces get consecutive numbers, so that they have the same keys at every target. */
function createEntities({ vms }: Target): PeerVm[] {
  let number = 0;
  return vms.map(({ id, ips, interfaces }) => {
    const devices = interfaces.map(({ name, macAddress, ipv4Addresses, ipv6Addresses }) => ({
      id: String((number += 1)),
      name,
      macAddress,
      ipv4: ipv4Addresses.join(","),
      ipv6: ipv6Addresses.join(","),
    }));
    return Object.assign(new PeerVm(), {
      id,
      ips,
      interfaces: devices.map((d) => Object.assign(new PeerInterface(), d)),
    });
  });
}

/** The same index as on our own table, so that both pay for it. */
const ADDRESS_INDEX = `CREATE INDEX ON peer_interface USING gin
  (array_remove(string_to_array(ipv4 || ',' || ipv6, ','), ''))`;
