import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { pino } from "pino";
import { addToken, listTokens, removeToken } from "../../src/commands/token.js";
import { ConfigError } from "../../src/config.js";
import { loadTokenFile } from "../../src/server/identity/token-file.js";

const folder = mkdtempSync(join(tmpdir(), "vnic-graph-"));
const file = join(folder, "tokens");
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test("adds a hash that the server takes the printed token for", async () => {
  const printed: string[] = [];
  const print = (line: string) => printed.push(line);
  await addToken({ file, name: "dashboard", role: "reader", expires: "90d", vms: "web-*" }, print);
  await addToken({ file, name: "gateway", role: "router,metrics" }, print);
  const [dashboard, gateway] = printed;
  expect(readFileSync(file, "utf8")).not.toContain(dashboard);
  expect(statSync(file).mode & 0o077).toBe(0);

  const tokens = await loadTokenFile(file, pino({ level: "silent" }));
  const known = (token: string | undefined) =>
    tokens.identify({ authorization: `Bearer ${token ?? ""}`, certificate: null });
  expect(await known(dashboard)).toMatchObject({
    name: "dashboard",
    roles: new Set(["reader"]),
    scope: { namePatterns: ["web-*"], hostIds: [], vmIds: [] },
  });
  expect(await known(gateway)).toMatchObject({ roles: new Set(["router", "metrics"]), scope: null });
  expect(await known(`${dashboard ?? ""}x`)).toBeNull();
});

test.each([
  [{ role: "root" }, /--role must be among reader, operator, router, metrics, not "root"/],
  [{ role: "reader", expires: "soon" }, /--expires must be a time such as 90d/],
  [{ role: "reader", expires: "0d" }, /--expires/],
  [{ role: "reader", expires: "3651d" }, /--expires must be a time .* ten years at most, not "3651d"/],
  [{ role: " , " }, /--role must be among reader, .*, not " , "/],
  [{ role: "reader", name: "" }, /--name must be one line of at most 200 characters/],
  [{ role: "reader", name: "two\nlines" }, /--name must be one line/],
  [{ role: "reader", hosts: "host1" }, /--hosts must be ids \(UUIDs\) joined by commas, not "host1"/],
  [{ role: "reader", vmIds: "web-01" }, /--vm-ids must be ids/],
  [{ role: "reader", file: folder }, /--file \S+ cannot be written: EISDIR.*; mend the path/],
  [{ role: "reader", file: join(folder, "no", "tokens") }, /--file \S+ cannot be written: ENOENT/],
  [{ role: "reader,operator", vms: "web-*" }, /--role operator manages all hosts; leave out --vms/],
])("refuses %j in one line", async (flags, message) => {
  await expect(addToken({ file, name: "n", ...flags }, () => undefined)).rejects.toThrow(message);
});

test.each([{ vms: "" }, { vms: " , " }, { hosts: "" }, { vmIds: "," }, { vms: "web-*", hosts: "" }])(
  "a scope flag that names nothing makes no token: %j",
  async (flags) => {
    const adding = addToken({ file, name: "unset", role: "reader", ...flags }, () => undefined);
    await expect(adding).rejects.toThrow(ConfigError);
    await expect(adding).rejects.toThrow(/names nothing, and a token without a scope shows every VM/);
    expect(readFileSync(file, "utf8")).not.toContain("unset");
  },
);

describe("tokens of a file", () => {
  const listed = join(folder, "listed");
  const run = async (command: (print: (line: string) => void) => Promise<void>) => {
    const lines: string[] = [];
    await command((line) => lines.push(line));
    return lines.join("\n");
  };

  test("end after 90 days unless --expires says otherwise, are listed, and one of them is removed", async () => {
    writeFileSync(listed, "# ours\n", { mode: 0o640 });
    const hints: string[] = [];
    const hint = (line: string) => hints.push(line);
    await addToken({ file: listed, name: "first", role: "reader" }, () => undefined, hint);
    expect(hints.join(" ")).toMatch(/Authorization: Bearer .*AUTH_TOKENS_FILE=\S+.*SIGHUP/);
    const team = { file: listed, name: "team", role: "reader", expires: "never", vms: "web-*" };
    await addToken(team, () => undefined);
    const table = await run((print) => listTokens({ file: listed }, print));
    const [, , first = "", second = ""] = table.split("\n");
    const ends = Date.parse(first.split(/ {2,}/)[2]!);
    expect(Math.abs(ends - Date.now() - 90 * 24 * 3_600_000)).toBeLessThan(60_000);
    expect(second.split(/ {2,}/)).toEqual(["team", "reader", "never", "VMs called web-*"]);

    await expect(addToken(team, () => undefined)).rejects.toThrow(/--name team has a token in \S+ already/);
    const before = readFileSync(listed, "utf8").split("\n");
    await run((print) => removeToken({ file: listed, name: "first" }, print));
    expect(readFileSync(listed, "utf8")).toBe([before[0], ...before.slice(2)].join("\n"));
    expect(statSync(listed).mode & 0o777).toBe(0o640);
    const again = removeToken({ file: listed, name: "first" }, () => undefined);
    await expect(again).rejects.toThrow(/no token in \S+ is called first/);
    await removeToken({ file: listed, name: "team" }, () => undefined);
    expect(await run((print) => listTokens({ file: listed }, print))).toMatch(/holds no token/);
  });

  test("cannot be listed or removed where there is no file", async () => {
    const nowhere = join(folder, "nowhere");
    await expect(listTokens({ file: nowhere }, () => undefined)).rejects.toThrow(/cannot be read: ENOENT/);
    const removing = removeToken({ file: nowhere, name: "a" }, () => undefined);
    await expect(removing).rejects.toThrow(/cannot be read/);
  });
});

test("begins a line of its own where somebody's editor left the last one open", async () => {
  const edited = join(folder, "edited");
  writeFileSync(edited, "# our tokens");
  const vmIds = "00000000-0000-0000-0000-000000000001";
  await addToken({ file: edited, name: "team", role: "reader", vmIds }, () => undefined);
  expect(readFileSync(edited, "utf8").split("\n")).toHaveLength(3);
  await loadTokenFile(edited, pino({ level: "silent" }));
});
