import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";

/** Which rooms a room may import besides itself; the same table stands in docs/architecture.md. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  model: [],
  vdsm: ["model"],
  store: ["model", "migrations"],
  "engine-store": ["model", "store"],
  "embedded-postgres": ["model"],
  redis: [],
  refresher: ["model", "vdsm", "store", "redis"],
  feed: ["model", "store"],
  fast: ["model", "graph", "loaders"],
  loaders: ["model", "store"],
  graph: ["model", "loaders"],
  server: ["model", "graph", "loaders"],
  rest: ["model", "loaders"],
  exports: ["model", "loaders"],
  config: ["model"],
  simulator: ["model", "vdsm"],
};

/** Packages that must not be known outside the rooms they belong to. */
const PACKAGE_HOMES: Record<string, readonly string[]> = {
  typeorm: ["store", "engine-store", "migrations", "ormconfig", "gateway"],
  pg: ["store", "embedded-postgres"],
  graphql: ["graph", "fast", "server", "commands"],
  "type-graphql": ["graph"],
  "graphql-scalars": ["graph"],
  dataloader: ["loaders"],
  "@apollo/server": ["server"],
  fastify: ["server", "rest", "exports"],
  "fast-xml-parser": ["rest"],
  "embedded-postgres": ["embedded-postgres"],
  bullmq: ["refresher"],
  ioredis: ["redis", "refresher"],
  "@peculiar/x509": ["simulator"],
  commander: ["main", "commands"],
};

interface Import {
  readonly file: string;
  readonly room: string;
  readonly specifier: string;
  readonly target: string | null;
}

const root = resolve(import.meta.dirname, "..");
const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => join(root, "src", path));
const imports = sources.flatMap(listImports);

describe("the house", () => {
  test.each(Object.keys(MAY_IMPORT))("%s imports only the rooms that it may", (room) => {
    const strays = imports
      .filter((each) => each.room === room && each.target !== null && each.target !== room)
      .filter((each) => !MAY_IMPORT[room]!.includes(each.target!))
      .map((each) => `${each.file} imports ${each.specifier}`);
    expect(strays).toEqual([]);
  });

  test.each(Object.keys(PACKAGE_HOMES))("%s is known only where it is at home", (name) => {
    const strays = imports
      .filter((each) => each.specifier === name || each.specifier.startsWith(`${name}/`))
      .filter((each) => !PACKAGE_HOMES[name]!.includes(each.room))
      .map((each) => each.file);
    expect(strays).toEqual([]);
  });

  test("the portal imports nothing of the sources but model", () => {
    const portal = join(root, "portal/src");
    const files = readdirSync(portal, { recursive: true, encoding: "utf8" }).filter((path) =>
      /\.tsx?$/.test(path),
    );
    const targets = files.flatMap((path) => {
      const text = readFileSync(join(portal, path), "utf8");
      return [...text.matchAll(/from "(\.[^"]+)"/g)].map(([, to]) =>
        relative(root, resolve(portal, dirname(path), to!)),
      );
    });
    expect(targets.length).toBeGreaterThan(100);
    expect(targets.filter((target) => !/^(?:portal\/src|src\/model)\//.test(target))).toEqual([]);
  });

  test("only config.ts reads process.env, and main.ts hands it over", () => {
    const readers = sources
      .filter((file) => /process\s*\.\s*env/.test(readFileSync(file, "utf8")))
      .map((file) => relative(root, file));
    expect(readers.filter((file) => file !== "src/config.ts" && file !== "src/main.ts")).toEqual([]);
  });

  test("no file is longer than 250 lines, has a default export or is called index or utils", () => {
    const odd = sources.filter((file) => {
      const text = readFileSync(file, "utf8");
      return (
        text.split("\n").length > 251 || /^export default/m.test(text) || /(index|utils?)\.ts$/.test(file)
      );
    });
    expect(odd.map((file) => relative(root, file))).toEqual([]);
  });

  test("no folder holds more than twenty files", () => {
    const counts = new Map<string, number>();
    for (const top of ["src", "portal/src", "test", "bench", "migrations"]) {
      for (const entry of readdirSync(join(root, top), { recursive: true, withFileTypes: true })) {
        const folder = relative(root, entry.parentPath);
        if (entry.isFile() && !folder.includes("node_modules"))
          counts.set(folder, (counts.get(folder) ?? 0) + 1);
      }
    }
    expect(counts.size).toBeGreaterThan(80);
    expect([...counts].filter(([, count]) => count > 20)).toEqual([]);
  });

  test("no import goes in a circle, of types neither", () => {
    const graph = new Map<string, string[]>();
    for (const file of sources) graph.set(file, listTargets(file));
    const done = new Set<string>();
    const circles: string[] = [];
    const walk = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) {
        circles.push(
          [...path.slice(path.indexOf(file)), file].map((each) => relative(root, each)).join(" > "),
        );
      } else if (!done.has(file)) {
        for (const next of graph.get(file) ?? []) walk(next, [...path, file]);
        done.add(file);
      }
    };
    for (const file of sources) walk(file, []);
    expect(circles).toEqual([]);
  });

  test("docs/architecture.md says of each folder of the sources what it is for, and of no other", () => {
    const doc = readFileSync(join(root, "docs/architecture.md"), "utf8");
    const described = [...doc.matchAll(/^\| `(src\/[^`]*\/)` \| \S/gm)].map(([, path]) => path!);
    const folders = readdirSync(join(root, "src"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ parentPath, name }) => `${relative(root, join(parentPath, name))}/`);
    expect(described.toSorted()).toEqual(folders.toSorted());
  });

  test("the walk of an address in docs/architecture.md names functions that there are", () => {
    const doc = readFileSync(join(root, "docs/architecture.md"), "utf8");
    const walk = /^The walk of `10\.1\.2\.3`[^]*?\n\n/m.exec(doc)![0].split("These are 27 functions")[0]!;
    const names = [...walk.matchAll(/`([A-Za-z]+(?:\.[a-z]\w*)?)`/g)].map(([, name]) => name!);
    expect(names).toHaveLength(27);
    const texts = sources.map((file) => readFileSync(file, "utf8"));
    const isDeclared = (name: string): boolean => {
      const [owner, member] = name.includes(".") ? name.split(".") : [null, name];
      const declared = new RegExp(
        `(?:\\bfunction |^\\s+(?:async |readonly )?)${member}(?:<[^(]*>)?(?:\\(|: (?:async )?\\(|: [^;]+? = \\()`,
        "m",
      );
      return texts.some(
        (text) => declared.test(text) && (owner === null || new RegExp(`\\bclass ${owner}\\b`).test(text)),
      );
    };
    expect(names.filter((name) => !isDeclared(name))).toEqual([]);
  });

  test("the table above is the one that docs/architecture.md shows", () => {
    const doc = readFileSync(join(root, "docs/architecture.md"), "utf8");
    for (const [room, may] of Object.entries(MAY_IMPORT)) {
      const rooms = may.filter((each) => each !== "migrations");
      expect(doc).toContain(`| ${room} | ${rooms.length === 0 ? "–" : rooms.join(", ")} |`);
    }
  });
});

function listImports(file: string): Import[] {
  const path = relative(join(root, "src"), file);
  const room = path.includes("/") ? path.split("/")[0]! : path.replace(/\.ts$/, "");
  return listSpecifiers(file).map((specifier) => ({
    file: relative(root, file),
    room,
    specifier,
    target: specifier.startsWith(".") ? findRoom(resolve(dirname(file), specifier)) : null,
  }));
}

function findRoom(path: string): string {
  const inside = relative(join(root, "src"), path);
  if (!inside.startsWith(".."))
    return inside.includes("/") ? inside.split("/")[0]! : inside.replace(/\.js$/, "");
  return relative(root, path).split("/")[0]!.replace(/\.js$/, "");
}

/** Files that a file names, for their types alone too: who reads one must read the other. */
function listTargets(file: string): string[] {
  return listSpecifiers(file)
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) => resolve(dirname(file), specifier).replace(/\.js$/, ".ts"));
}

function listSpecifiers(file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest);
  return source.statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return [];
    const { moduleSpecifier } = statement;
    return moduleSpecifier !== undefined && ts.isStringLiteral(moduleSpecifier) ? [moduleSpecifier.text] : [];
  });
}
