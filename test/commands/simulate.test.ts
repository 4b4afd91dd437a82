import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { eventually } from "../support/eventually.js";
import { freePort } from "../support/processes/tcp.js";
import { simulate, type SimulateFlags } from "../../src/commands/simulate.js";
import { ConfigError } from "../../src/model/config-error.js";

const folder = mkdtempSync(join(tmpdir(), "vnic-graph-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const FLAGS: SimulateFlags = {
  hosts: "1",
  vms: "1",
  port: "0",
  seed: "1",
  tls: "on",
  certs: join(folder, "certs"),
  tick: "3600000",
};

function run(flags: Partial<SimulateFlags>): Promise<string[]> {
  const lines: string[] = [];
  const print = (line: string) => void lines.push(line);
  return simulate({ ...FLAGS, ...flags }, print, AbortSignal.abort()).then(() => lines);
}

test("prints the settings that reach its hosts, and stops at the signal", async () => {
  expect((await run({})).map((line) => line.replace(/=.*/, ""))).toEqual([
    expect.stringMatching(/^host1\.example\.test listens on 127\.0\.0\.1:\d+$/),
    "VDSM_HOSTS",
    "VDSM_CA_FILE",
    "VDSM_CERT_FILE",
    "VDSM_KEY_FILE",
  ]);
  expect((await run({ tls: "off" })).at(-1)).toBe("VDSM_TLS=off");
});

test("keeps its certificates in a temporary folder until it stops, unless another is named", async () => {
  const stopping = new AbortController();
  const lines: string[] = [];
  const running = simulate({ ...FLAGS, certs: undefined }, (line) => void lines.push(line), stopping.signal);
  await eventually(() => {
    expect(lines.at(-1)).toMatch(/^VDSM_KEY_FILE=/);
  });
  const key = lines.at(-1)!.replace("VDSM_KEY_FILE=", "");
  expect([existsSync(key), dirname(dirname(key))]).toEqual([true, tmpdir()]);
  stopping.abort();
  await running;
  expect(existsSync(dirname(key))).toBe(false);
});

test.each<[Partial<SimulateFlags>, RegExp]>([
  [{ hosts: "0" }, /^--hosts must be a whole number from 1 to 10000, not "0"; mend or leave it out$/],
  [{ tls: "yes" }, /^--tls must be on or off/],
  [{ hosts: "3", port: "65534" }, /^--port must leave room for 3 ports up to 65535, not "65534"/],
])("refuses %j in one line", async (flags, message) => {
  await expect(run(flags)).rejects.toThrow(message);
});

test("leaves no host listening where certificates cannot be written", async () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  const port = await freePort();
  await expect(run({ certs: file, port: String(port) })).rejects.toThrow(
    /^--certs \S+ cannot be written: EEXIST.*; name another folder$/,
  );
  expect(await run({ port: String(port) })).toContain(`host1.example.test listens on 127.0.0.1:${port}`);
});

test.runIf(process.platform === "linux")(
  "ends where the system makes no folder, though it says that it could",
  async () => {
    await expect(run({ certs: "/proc/vnic-graph/certs" })).rejects.toThrow(
      /^--certs \S+ cannot be written: ENOENT/,
    );
  },
);

test.runIf(existsSync("/dev/full"))("a full disk is no wrong flag", async () => {
  const certs = join(folder, "full");
  mkdirSync(certs);
  symlinkSync("/dev/full", join(certs, "client.key"));
  const error: unknown = await run({ certs }).catch((cause: unknown) => cause);
  expect(error).not.toBeInstanceOf(ConfigError);
  expect(error).toMatchObject({
    message: expect.stringMatching(/^--certs \S+ cannot be written: ENOSPC[^;]*$/),
  });
});

test("says what to do where a port is taken", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await expect(run({ port: String(port) })).rejects.toThrow(
    /^the simulated hosts cannot listen: .*EADDRINUSE.*; give another --port, or 0 for free ones$/,
  );
  await new Promise((resolve) => server.close(resolve));
});
