#!/usr/bin/env node
/**
 * Starts vnic-graph, from the package and from a clone alike: runs the compiled program, or the sources where they are newer
 * than it or were never compiled. So every command works right after `npm ci`.
 */
import { accessSync, constants, readdirSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

// Until the program listens itself, nothing runs that would have to be stopped first. A `start` that is ended so has not failed.
for (const [signal, code] of [
  ["SIGTERM", 143],
  ["SIGINT", 130],
]) {
  process.once(signal, () => {
    if (process.listenerCount(signal) === 0) process.exit(process.argv[2] === "start" ? 0 : code);
  });
}

if (process.argv[2] === "start") process.on("SIGHUP", () => undefined);

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const compiled = join(root, "dist/src/main.js");
const source = join(root, "src/main.ts");
/** The compiler writes it at every build that changes something. */
const buildRecord = join(root, "dist/.tsbuildinfo");

const builtAtMs = findTime(compiled) === null ? 0 : (findTime(buildRecord) ?? 0);
if (findTime(source) !== null && findNewestSource() >= builtAtMs) {
  // tsx keeps what it compiled in a temporary folder, and ends in a stack where there is none.
  if (!canWriteTo(tmpdir())) process.env.TSX_DISABLE_CACHE = "1";
  const { register } = await import("tsx/esm/api");
  register({ tsconfig: join(root, "tsconfig.json") });
  await import(pathToFileURL(source).href);
} else {
  await import(pathToFileURL(compiled).href);
}

function findNewestSource() {
  const files = ["src", "migrations"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((path) =>
      join(root, folder, path),
    ),
  );
  return Math.max(...files.map((path) => findTime(path) ?? 0));
}

function canWriteTo(folder) {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function findTime(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? null;
}
