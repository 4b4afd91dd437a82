// Starts vnic-graph as a subgraph, an inventory beside it, and a gateway in front. Sends one query, and stops
// everything.
/* global fetch */
import { spawn } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startFederationGateway } from "./gateway.mjs";
import { INVENTORY_SDL, startInventory } from "./inventory.mjs";

const QUERY = `{
  inventory {
    name owner
    guestInfo { ips stale networkDevices { name ipv4Addresses vmNic { switchPort } } }
    ports { switchPort guestInterface { name ipv4Addresses } }
  }
}`;
const PATIENCE_MS = 60_000;

const dataDir = await mkdtemp(join(tmpdir(), "vnic-graph-federation-"));
// For root, PostgreSQL runs as another user, who has to pass through. Otherwise its data would be kept elsewhere, and stay.
await chmod(dataDir, 0o711);
// Empty variables count as unset, so that the demonstration's cluster runs, whatever the shell has set.
const settings = { HOST: "", DATABASE_URL: "", VDSM_HOSTS: "", FEDERATION: "contribute", PORT: "0" };
const guests = spawn(process.execPath, ["--import", "tsx", "src/main.ts", "start"], {
  cwd: fileURLToPath(new URL("../../", import.meta.url)),
  env: { ...process.env, ...settings, DATA_DIR: dataDir, LOG_LEVEL: "error" },
  stdio: ["ignore", "pipe", "inherit"],
});
const ended = new Promise((resolve) => guests.once("close", resolve));
const inventory = await startInventory();
let gateway = null;
try {
  const guestsUrl = await waitForGuests();
  console.log(`subgraph guests     ${guestsUrl} (vnic-graph, FEDERATION=contribute)`);
  console.log(`subgraph inventory  ${inventory.url} (owns Vm.name)`);
  const { data } = await ask(guestsUrl, "{ _service { sdl } }");
  gateway = await startFederationGateway([
    { name: "guests", url: guestsUrl, sdl: data._service.sdl },
    { name: "inventory", url: inventory.url, sdl: INVENTORY_SDL },
  ]);
  console.log(`gateway             ${gateway.url}\n\n${QUERY}\n`);
  const answer = await ask(gateway.url, QUERY);
  console.log(JSON.stringify(answer, null, 2));
  process.exitCode = answer.errors === undefined ? 0 : 1;
} finally {
  await gateway?.stop();
  inventory.server.closeAllConnections();
  inventory.server.close();
  guests.kill("SIGTERM");
  await ended;
  await rm(dataDir, { recursive: true, force: true });
}

/** Waits until vnic-graph has polled its simulated hosts. Returns the URL that it prints. */
async function waitForGuests() {
  const url = await new Promise((resolve, reject) => {
    let said = "";
    guests.stdout.on("data", (chunk) => {
      said += chunk;
      const found = /GraphQL: (\S+)/.exec(said);
      if (found !== null) resolve(found[1]);
    });
    void ended.then(() => reject(new Error(`vnic-graph did not start:\n${said}`)));
  });
  const deadlineMs = Date.now() + PATIENCE_MS;
  while (!(await fetch(new URL("/readyz", url))).ok) {
    if (Date.now() > deadlineMs) throw new Error(`vnic-graph is not ready after ${PATIENCE_MS} ms`);
    await pause(100);
  }
  return url;
}

async function ask(url, query) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query }),
  });
  return response.json();
}
