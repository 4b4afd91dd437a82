import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { createToken } from "../../../src/server/identity/token-lines.js";
import { connect, subscribe } from "../../server/live/live-server.js";
import { addVms, storedVm } from "../../store/changes/log-fixtures.js";
import { HOSTS, INTERVAL_MS } from "../../support/builders/passes.js";
import { createDatabase } from "../../support/databases/database.js";
import { eventually } from "../../support/eventually.js";
import { startGatewayProcess, temporaryFolder } from "../../support/processes/gateway.js";

const hasDescriptorList = process.platform === "linux";
if (!hasDescriptorList) console.warn("Open descriptors are not listed here: the test of them is skipped");

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const FOLLOW = "subscription { guestNetworkChanged { kind vm { name } } }";

/** Starts a process that only reads, on a database with two VMs. */
async function start(environment: Readonly<Record<string, string>> = {}) {
  const database = await createDatabase();
  cleanups.push(() => database.drop());
  await database.store.registerHosts(HOSTS.slice(0, 1), INTERVAL_MS);
  await addVms(database.store, [storedVm(1, { name: "web-1" }), storedVm(2, { name: "db-1" })]);
  const gateway = await startGatewayProcess({
    ...{ DATABASE_URL: database.url, REFRESH_INTERVAL: "off" },
    ...environment,
  });
  cleanups.push(() => gateway.stop());
  return gateway;
}

test("a scope that SIGHUP changes ends the subscription with 4291, and who connects again sees by the new one", async () => {
  const folder = temporaryFolder();
  cleanups.push(() => {
    folder.remove();
  });
  const file = join(folder.path, "tokens.jsonl");
  const { token, line } = createToken({
    ...{ name: "team", roles: ["reader"], expiresAt: null },
    scope: { namePatterns: ["web-*"], hostIds: [], vmIds: [] },
  });
  writeFileSync(file, `${line}\n`);
  const gateway = await start({ AUTH_TOKENS_FILE: file });
  const authorization = `Bearer ${token}`;
  const client = connect(gateway, { authorization });
  const received = subscribe(client, FOLLOW);
  await eventually(() => {
    expect(JSON.stringify(received.answers)).toContain("web-1");
  });
  writeFileSync(file, `${line.replace("web-*", "db-*")}\n`);
  gateway.run.child.kill("SIGHUP");
  await eventually(() => {
    expect(client.closes.map(({ code }) => code)).toEqual([4_291]);
  });
  expect(JSON.stringify(received.answers)).not.toContain("db-1");
  const again = subscribe(connect(gateway, { authorization }), FOLLOW);
  await eventually(() => {
    expect(JSON.stringify(again.answers)).toContain("db-1");
  });
  expect(JSON.stringify(again.answers)).not.toContain("web-1");
});

test.skipIf(!hasDescriptorList)(
  "descriptors come back after a thousand connections, ended in every way (skipped where they cannot be listed)",
  async () => {
    const gateway = await start();
    const pid = gateway.run.child.pid ?? 0;
    const count = () => readdirSync(`/proc/${pid}/fd`).length;
    const comeAndGo = async (clients: number): Promise<void> => {
      await Promise.all(
        Array.from({ length: clients }, async (_, number) => {
          if (number % 3 === 2) {
            const controller = new AbortController();
            const url = `${gateway.url}/graphql/stream?query=${encodeURIComponent(FOLLOW)}`;
            const { body } = await fetch(url, {
              headers: { accept: "text/event-stream" },
              signal: controller.signal,
            });
            await body?.getReader().read();
            controller.abort();
            return;
          }
          const client = connect(gateway);
          const received = subscribe(client, FOLLOW);
          await eventually(() => {
            expect(received.answers.length).toBeGreaterThan(0);
          });
          if (number % 3 === 0) client.terminate();
          else await client.dispose();
        }),
      );
    };
    // What is opened once stays open: connections to the database.
    await comeAndGo(50);
    let before = 0;
    await eventually(() => {
      const now = count();
      const isSettled = now === before;
      before = now;
      expect(isSettled).toBe(true);
    });
    for (let round = 0; round < 20; round += 1) await comeAndGo(50);
    await eventually(() => {
      expect(count()).toBeLessThanOrEqual(before + 2);
    });
  },
  120_000,
);
