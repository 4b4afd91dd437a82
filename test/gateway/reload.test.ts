import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterEach, expect, test } from "vitest";
import { createAuthority } from "../../src/simulator/wire/certificates.js";
import { createDatabase } from "../support/databases/database.js";
import { eventually } from "../support/eventually.js";
import { startGatewayProcess, temporaryFolder } from "../support/processes/gateway.js";
import { forward, freePort } from "../support/processes/tcp.js";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

test("SIGHUP while the database is away ends nothing", async () => {
  const database = await createDatabase();
  cleanups.push(() => database.drop());
  const proxyPort = await freePort();
  const proxied = new URL(database.url);
  const forwarding = await forward(proxyPort, Number(proxied.port));
  cleanups.push(() => forwarding.close());
  proxied.port = String(proxyPort);
  const gateway = await startGatewayProcess({
    DATABASE_URL: proxied.href,
    VDSM_TLS: "off",
    LOG_LEVEL: "debug",
  });
  cleanups.push(() => gateway.stop());

  await forwarding.close();
  gateway.run.child.kill("SIGHUP");
  await gateway.run.says(/list of hosts not read/);
  expect((await gateway.get("/healthz")).status).toBe(200);

  const again = await forward(proxyPort, Number(new URL(database.url).port));
  cleanups.push(() => again.close());
  await eventually(async () => {
    expect(await gateway.ask(null, "{ hosts { id } }")).toMatchObject({ status: 200, data: { hosts: [] } });
  });
});

test("SIGHUP shows a renewed certificate to new connections; one that does not fit is logged and not used", async () => {
  const database = await createDatabase();
  cleanups.push(() => database.drop());
  const folder = temporaryFolder();
  cleanups.push(() => {
    folder.remove();
  });
  const files = { TLS_CERT_FILE: join(folder.path, "cert"), TLS_KEY_FILE: join(folder.path, "key") };
  const authority = await createAuthority();
  const write = ({ cert, key }: { cert: string; key: string }): void => {
    writeFileSync(files.TLS_CERT_FILE, cert);
    writeFileSync(files.TLS_KEY_FILE, key);
  };
  write(await authority.issueHost("first.example"));
  const gateway = await startGatewayProcess({ DATABASE_URL: database.url, ...files });
  cleanups.push(() => gateway.stop());
  const port = Number(new URL(gateway.url).port);
  expect(await nameShown(port)).toBe("first.example");

  write(await authority.issueHost("second.example"));
  gateway.run.child.kill("SIGHUP");
  await gateway.run.says(/certificate reloaded/);
  expect(await nameShown(port)).toBe("second.example");

  write({ ...(await authority.issueHost("third.example")), key: "no key" });
  gateway.run.child.kill("SIGHUP");
  await gateway.run.says(/certificate not reloaded, the old one stays/);
  expect(await nameShown(port)).toBe("second.example");
});

/** The name in the certificate that the server shows to a new connection. */
function nameShown(port: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", rejectUnauthorized: false }, () => {
      const { subject } = socket.getPeerCertificate();
      socket.end();
      resolve(subject.CN);
    });
    socket.on("error", reject);
  });
}
