import { execFile } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { buildSchema, parse, validate } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SETTINGS } from "../../src/config/settings.js";
import { eventually } from "../support/eventually.js";
import {
  listAnchors,
  listBlocks,
  listCommands,
  listLocalLinks,
  pages,
  ROOT,
} from "../support/documents/markdown.js";
import { runVnicGraph, type Run } from "../support/processes/process.js";

const PAGES = pages();
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");

/** Commands that are not run here: run elsewhere, or not to be run on a machine like this one. */
const NOT_RUN_HERE: readonly (readonly [RegExp, string])[] = [
  [/^npm ci( && npm (start|test))?$|^npm (start|test|run (check|build|dev))$/, ".ci/run does"],
  [/^npm run (bench|torture|example:federation|coverage)\b/, "has a run of its own; it takes minutes"],
  [
    /^npx --no-install vnic-graph start\b|^\S+=\S+ .*npx --no-install vnic-graph start\b/,
    "stays; test/gateway/gateway.test.ts starts gateways",
  ],
  [
    /^npx --no-install vnic-graph doctor && npx --no-install vnic-graph start$/,
    "stays; the doctor is run by itself",
  ],
  [/^npx --no-install vnic-graph simulate\b/, "stays; test/gateway/gateway.test.ts runs it"],
  [
    /^npx --no-install vnic-graph (refresh|hosts|migrate|forget|export|wait|follow)\b/,
    "needs a database; test/gateway/gateway.test.ts, test/commands run it",
  ],
  [/^npm run portal:types$|^npx tsx examples\/frontend\//, "test/documents/examples.test.ts runs them"],
  [/^export [A-Z]/, "settings for the commands below it; their names are checked here"],
  [/^\{ printf 'CONNECT/, "needs the transcript's simulated hosts"],
  [
    /^sudo |^\/usr\/share\/ovirt-engine\/|^openssl |^cp \/etc\/pki|^chmod 600 client\.key$/,
    "for an engine's machine",
  ],
  [/^pg_(dump|restore) /, "PostgreSQL's own"],
  [/example\.(org|com|test)/, "names machines that do not exist"],
  [
    /^(docker|systemctl|helm|kubectl|rover|hive|npx (rover|wgc|hive|supergraph))\b/,
    "needs what is not part of this project",
  ],
];

/** Environment variables that are not the gateway's own. */
const OTHERS: readonly string[] = [
  "POSTGRES_PASSWORD",
  "OVIRT_USERNAME",
  "OVIRT_PASSWORD",
  "TEST_BROWSER",
  "TEST_DATABASE_URL",
  "VNIC_TOKEN",
  "APOLLO_TELEMETRY_DISABLED",
  "FAULT_SEED",
  "FAULT_ROUNDS",
];

describe("the documents' commands", () => {
  let folder = "";
  let gateway: Run;
  let origin = "";

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "vnic-graph-docs-"));
    // Where root runs the tests, the user of the embedded PostgreSQL has to pass through.
    chmodSync(folder, 0o755);
    // What npx runs in a clone, which is not where these commands are run.
    writeFileSync(
      join(folder, "npx"),
      `#!/bin/sh\n[ "$1 $2" = "--no-install vnic-graph" ] || exit 127\nshift 2\nexec "${join(ROOT, "bin/vnic-graph.mjs")}" "$@"\n`,
    );
    chmodSync(join(folder, "npx"), 0o755);
    gateway = runVnicGraph(["start"], { PORT: "0", REFRESH_INTERVAL: "1s", DATA_DIR: join(folder, "data") });
    const [, url = ""] = await gateway.says(/GraphQL: (http:\S+)\/graphql/);
    origin = url;
    await eventually(async () => {
      expect((await fetch(`${origin}/readyz`)).status).toBe(200);
    });
  });

  afterAll(async () => {
    gateway.child.kill("SIGTERM");
    await gateway.ended;
    rmSync(folder, { recursive: true, force: true });
  });

  const commands = new Map(
    PAGES.flatMap((page) =>
      listBlocks(page, "sh", "bash", "shell", "console").flatMap((block) =>
        listCommands(block).map((command) => [command, page.path] as const),
      ),
    ),
  );
  const isListed = (command: string) => NOT_RUN_HERE.some(([pattern]) => pattern.test(command));
  const toRun = [...commands].filter(([command]) => !isListed(command));

  test("are many enough to be worth it", () => {
    expect(toRun.length).toBeGreaterThan(6);
  });

  test.each(toRun)("%s (%s)", async (command) => {
    const asGiven = command.replaceAll("http://127.0.0.1:4000", origin);
    const { stdout } = await promisify(execFile)("bash", ["-euo", "pipefail", "-c", asGiven], {
      cwd: folder,
      env: { ...environment(), PATH: [folder, process.env["PATH"] ?? ""].join(delimiter) },
      timeout: 240_000,
      maxBuffer: 8 * 1024 * 1024,
    });
    expect(stdout).not.toBe("");
    expect(stdout).not.toMatch(/"errors":|<fault>|"fault":|"statusCode":4/);
  });

  test("of vnic-graph work in a clone through npx itself, without a build and without a registry", async () => {
    // An npx that runs these tests, as with another Node, hands its own package down.
    const outer = { npm_config_package: "", npm_config_call: "" };
    const registry = { npm_config_registry: "http://127.0.0.1:1", npm_config_fetch_retries: "0" };
    const { stdout } = await promisify(execFile)("npx", ["--no-install", "vnic-graph", "--version"], {
      cwd: ROOT,
      env: { ...environment(), ...outer, ...registry, npm_config_cache: join(folder, "npm") },
    });
    expect(stdout.trim()).toBe((JSON.parse(read("package.json")) as { version: string }).version);
  });

  test("name the package to npx in the one form that never fetches a stranger's", () => {
    const all = PAGES.map(({ path, text }) => ({ path, text }));
    for (const { path, text } of [...all, { path: "compose.yaml", text: read("compose.yaml") }]) {
      expect(text.replaceAll("npx --no-install vnic-graph", ""), path).not.toMatch(/npx (-\S+ )*vnic-graph/);
    }
  });

  test("the documents' operations are answered by the graph without an error", async () => {
    for (const { page, text } of operations().filter(
      ({ text: query }) => !/^mutation|!\)|\{\s*_/.test(query),
    )) {
      const response = await fetch(`${origin}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ query: text }),
      });
      const answer = (await response.json()) as { data?: unknown; errors?: unknown };
      expect(answer.errors, `${page}: ${text}`).toBeUndefined();
      expect(answer.data).toBeTruthy();
    }
  });
});

describe("the documents", () => {
  test("show only operations that the schema knows", () => {
    const schema = buildSchema(read("schema.graphql"));
    for (const { page, text } of operations()) {
      expect(validate(schema, parse(text)), `${page}: ${text}`).toEqual([]);
    }
    expect(operations().length).toBeGreaterThan(8);
  });

  test("name only settings, states and codes that exist", () => {
    const known = new Set<string>([
      ...Object.keys(SETTINGS),
      ...(read("schema.graphql").match(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g) ?? []),
      ...sourceWords(),
      ...OTHERS,
    ]);
    const named = PAGES.flatMap(({ path, text }) =>
      [...text.matchAll(/`(?:--)?([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=[^`]*)?`/g)].map(
        ([, name]) => `${path}: ${name!}`,
      ),
    );
    expect(named.filter((each) => !known.has(each.split(": ")[1]!))).toEqual([]);
    expect(named.length).toBeGreaterThan(30);
  });

  test("set only settings that exist in their commands", () => {
    const set = PAGES.flatMap((page) =>
      listBlocks(page, "sh", "bash").flatMap(({ text }) =>
        [...text.matchAll(/(?:^|\s)([A-Z][A-Z0-9_]+)=/gm)].map(([, name]) => `${page.path}: ${name!}`),
      ),
    );
    expect(
      set.filter((each) => !isSetting(each.split(": ")[1]!) && !OTHERS.includes(each.split(": ")[1]!)),
    ).toEqual([]);
  });

  test("list every setting with its default and its meaning", () => {
    const rows = Object.entries(SETTINGS).map(
      ([name, { about, fallback }]) =>
        `| \`${name}\` | ${fallback === null ? "" : `\`${fallback}\``} | ${about} |`,
    );
    expect(read("README.md")).toContain(rows.join("\n"));
  });

  test("link only to what is there", () => {
    const broken = PAGES.flatMap((page) =>
      listLocalLinks(page)
        .filter(({ target, anchor }) => !isThere(target, anchor))
        .map(({ target, anchor }) => `${page.path}: ${target}#${anchor ?? ""}`),
    );
    expect(broken).toEqual([]);
  });

  test("name only files of the sources that are there", () => {
    const named = PAGES.flatMap(({ path, text }) =>
      [...text.matchAll(/`([\w.-]+(?:\/[\w.-]+)+\.(?:ts|mjs|tsx|js))`/g)].map(([, file = ""]) => ({
        path,
        file,
      })),
    );
    const isSource = (file: string) => ["", "src"].some((folder) => existsSync(join(ROOT, folder, file)));
    expect(named.filter(({ file }) => !isSource(file))).toEqual([]);
    expect(named.length).toBeGreaterThan(15);
  });

  test("show no picture from elsewhere", () => {
    for (const { path, text } of PAGES)
      expect(text, path).not.toMatch(/!\[[^\]]*\]\(\w+:|<img[^>]+src=["']?\w+:/);
  });

  test("begin with a README of at most 150 lines, which leads to all the others", () => {
    const readme = PAGES.find(({ path }) => path === "README.md")!;
    expect(readme.text.split("\n").length).toBeLessThanOrEqual(151);
    const led = listLocalLinks(readme).map(({ target }) => target);
    expect(
      PAGES.map(({ path }) => path).filter((path) => path !== "README.md" && !led.includes(path)),
    ).toEqual([]);
  });
});

/** Blocks of operations; definitions, and all of the page on federation, belong to the schemas of others. */
function operations() {
  return PAGES.filter(({ path }) => path !== "docs/federation.md")
    .flatMap((page) => listBlocks(page, "graphql"))
    .filter(({ text }) => /^(#.*\n)*(\{|query|mutation)/.test(text));
}

function isSetting(name: string): boolean {
  return Object.hasOwn(SETTINGS, name);
}

function isThere(target: string, anchor: string | null): boolean {
  if (!existsSync(join(ROOT, target))) return false;
  return anchor === null || listAnchors(read(target)).has(anchor);
}

/** Words of that kind in the sources and in what is deployed with them. */
function sourceWords(): string[] {
  const folders = ["src", "deploy"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)),
  );
  const files = [...folders, "compose.yaml", "Dockerfile"].filter((name) =>
    statSync(join(ROOT, name)).isFile(),
  );
  return (
    files
      .map(read)
      .join("\n")
      .match(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g) ?? []
  );
}

/** Ours, without what would set anything. */
function environment(): Record<string, string> {
  const entries = Object.entries(process.env).filter(([name]) => !isSetting(name));
  return Object.fromEntries(entries.map(([name, value]) => [name, value ?? ""]));
}
