import { setTimeout as sleep } from "node:timers/promises";
import type { DataSource } from "typeorm";
import { startGatewayProcess, type GatewayProcess } from "../faults/support/gateway-process.js";
import { startGenerations } from "../faults/support/generations.js";
import { startFollowers, type Followers } from "../faults/support/followers.js";
import { Random } from "../../src/simulator/world/random.js";

/** How replicas are to be killed. */
export interface FollowerOptions {
  readonly rounds: number;
  readonly clients: number;
  readonly seed: number;
  readonly databaseUrl: string;
  readonly dataSource: DataSource;
  /** Node's arguments before `start`; left out: from the sources. */
  readonly program?: readonly string[];
  readonly report?: (line: string) => void;
}

/** What came of it. */
export interface FollowerResult {
  /** Changes in the log since the clients began. */
  readonly changes: number;
  /** Connections of all clients. */
  readonly connections: number;
  /** Clients whose sequence is not the log's, and in what. */
  readonly violations: readonly string[];
}

/**
 * Kills one of two replicas again and again, while hosts change and clients follow, going on at the other one. In the end
 * each client must have been told what the log holds: nothing less, nothing twice, each VM's changes in their order.
 */
export async function killUnderFollowers(options: FollowerOptions): Promise<FollowerResult> {
  const { dataSource, databaseUrl, rounds, seed, program, report = () => undefined } = options;
  const random = new Random(seed);
  const fleet = await startGenerations({ hosts: 3, vmsPerHost: 20 });
  const start = () =>
    startGatewayProcess({
      databaseUrl,
      vdsmHosts: fleet.vdsmHosts,
      environment: { LOG_LEVEL: "warn" },
      ...(program === undefined ? {} : { program }),
    });
  const replicas: GatewayProcess[] = [];
  let followers: Followers | null = null;
  try {
    replicas.push(...(await Promise.all([start(), start()])));
    const findUrl = () => random.pick(replicas as [GatewayProcess, ...GatewayProcess[]]).url;
    followers = await startFollowers(dataSource, options.clients, findUrl);
    for (let round = 1; round <= rounds; round += 1) {
      for (let step = 0; step < 4; step += 1) {
        for (const host of fleet.hosts) host.next();
        // At any moment of a pass.
        await sleep(random.drawInt(50, 700));
      }
      const place = random.drawInt(0, 1);
      await replicas[place]?.kill();
      replicas[place] = await start();
      report(
        `round ${round}: ${followers.clients.map(({ changes }) => changes.length).join(" ")} changes told`,
      );
    }
    const violations = await followers.settle();
    const connections = followers.clients.reduce((sum, client) => sum + client.connections, 0);
    return { changes: await followers.countLogged(), connections, violations };
  } finally {
    await followers?.stop();
    await Promise.all(replicas.map((replica) => replica.kill()));
    await fleet.stop();
  }
}
