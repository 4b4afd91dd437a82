import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** A run of the command line in a process of its own. */
export interface Run {
  readonly child: ChildProcess;
  /** Returns all output so far, of both streams. */
  output(): string;
  /** Resolves with the first match in its output. Rejects with the whole output if it ends without one. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  /** Resolves with the exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
}

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const PATIENCE_MS = 240_000;
const FROM_SOURCES: readonly string[] = ["--import", "tsx", "src/main.ts"];

/**
 * Starts `vnic-graph` with these arguments, from its sources unless another program is given. Its environment has only
 * the given variables.
 */
export function runVnicGraph(
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  program: readonly string[] = FROM_SOURCES,
): Run {
  const child = spawn(process.execPath, [...program, ...words], {
    cwd: ROOT,
    env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "/", ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const watchers = new Set<() => void>();
  const heard = (chunk: Buffer) => {
    output += chunk.toString();
    for (const look of watchers) look();
  };
  child.stdout.on("data", heard);
  child.stderr.on("data", heard);
  let isOver = false;
  const ended = new Promise<number | string>((resolve) => {
    child.once("close", (code, signal) => {
      isOver = true;
      for (const look of watchers) look();
      resolve(code ?? signal ?? "unknown");
    });
  });
  return {
    child,
    output: () => output,
    ended,
    says: (pattern) =>
      new Promise((resolve, reject) => {
        const settle = (finish: () => void) => {
          watchers.delete(look);
          clearTimeout(timer);
          finish();
        };
        const look = () => {
          const match = pattern.exec(output);
          if (match !== null)
            settle(() => {
              resolve(match);
            });
          else if (isOver)
            settle(() => {
              reject(new Error(`ended without ${String(pattern)}:\n${output}`));
            });
        };
        const timer = setTimeout(() => {
          settle(() => {
            reject(new Error(`does not say ${String(pattern)}:\n${output}`));
          });
        }, PATIENCE_MS);
        watchers.add(look);
        look();
      }),
  };
}
