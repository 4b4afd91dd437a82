import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { loadConfig } from "../../src/config.js";
import type { SECRET_SETTINGS } from "../../src/config/secrets.js";

const folder = mkdtempSync(join(tmpdir(), "vnic-graph-secrets-"));

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Every secret, a value of its own, what it needs beside it, and where it comes out. */
const SECRETS: Readonly<Record<(typeof SECRET_SETTINGS)[number], readonly [string, Record<string, string>]>> =
  {
    DATABASE_URL: ["postgres://u:hunter2@h/d?sslmode=disable", {}],
    DATABASE_PASSWORD: ["hunter2@/%", { DATABASE_URL: "postgres://u@h/d" }],
    REDIS_URL: ["redis://:hunter2@h/0", {}],
    VDSM_KEY_PASSPHRASE: [
      "hunter2 with blanks",
      { VDSM_HOSTS: "h", VDSM_CA_FILE: "a", VDSM_CERT_FILE: "c", VDSM_KEY_FILE: "k" },
    ],
    TLS_KEY_PASSPHRASE: ["hunter2", { TLS_CERT_FILE: "c", TLS_KEY_FILE: "k" }],
  };

function write(text: string | Buffer): string {
  const path = join(folder, "secret");
  writeFileSync(path, text);
  return path;
}

test.each(Object.entries(SECRETS))(
  "%s can be given in a file, as it is but for last line breaks and the mark of UTF-8",
  (name, [value, more]) => {
    const given = loadConfig({ [name]: value, ...more });
    expect(JSON.stringify(given)).toContain("hunter2");
    for (const [start, end] of [
      ["", ""],
      ["", "\n"],
      ["", "\r\n"],
      ["", "\n\n"],
      ["\uFEFF", "\r\n\r\n"],
    ] as const) {
      expect(loadConfig({ [`${name}_FILE`]: write(start + value + end), ...more })).toEqual(given);
      expect(loadConfig(more, { [`${name}_FILE`]: write(start + value + end) })).toEqual(given);
    }
  },
);

test.each(Object.entries(SECRETS))(
  "%s twice, or in a file of no use, is refused without a piece of it",
  (name, [value, more]) => {
    const refuse = (environment: Record<string, string>) => {
      try {
        loadConfig({ ...more, ...environment });
      } catch (error) {
        return (error as Error).message;
      }
      throw new Error("was taken");
    };
    const file = `${name}_FILE`;
    expect(refuse({ [name]: value, [file]: write(value) })).toBe(
      `${name} and ${file} are both set; set one of them`,
    );
    expect(refuse({ [file]: join(folder, "nowhere") })).toMatch(
      `${file} must name a file that can be read (ENOENT)`,
    );
    expect(refuse({ [file]: folder })).toMatch(`${file} must name a file that can be read (EISDIR)`);
    expect(refuse({ [file]: write("\n") })).toMatch(`${file} must name a file that is not empty`);
    expect(refuse({ [file]: write("\uFEFF\r\n") })).toMatch(`${file} must name a file that is not empty`);
    const utf16 = Buffer.from(`\uFEFF${value}`, "utf16le");
    expect(refuse({ [file]: write(utf16) })).toBe(
      `${file} must name a file in UTF-8; save it again in that encoding`,
    );
    const messages = [{ [name]: value, [file]: write(value) }, { [file]: write("hunter2\0") }].map(refuse);
    expect(messages.join()).not.toContain("hunter2");
  },
);

test("the URL's own password wins over the one beside it", () => {
  const { databaseUrl } = loadConfig({ DATABASE_URL: "postgres://u:own@h/d", DATABASE_PASSWORD: "other" });
  expect(databaseUrl).toBe("postgres://u:own@h/d");
});
