import type { SpawnOptions } from "node:child_process";
import { spawn } from "node:child_process";
import { basename } from "node:path";

/** The user as which the server runs if we are root, because PostgreSQL refuses to run as root. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
}

/**
 * Runs a program to its end, with `input` on its standard input, and returns its output. `user: null` runs it as our own
 * user. Throws with the last errors that it printed. The signal asks the program to end; throws its reason once it has.
 */
export async function runAs(
  user: ServerUser | null,
  program: string,
  args: readonly string[],
  { input = "", signal }: { readonly input?: string; readonly signal?: AbortSignal | undefined } = {},
): Promise<string> {
  signal?.throwIfAborted();
  const child = spawn(program, args, { ...createSpawnOptions(user), stdio: ["pipe", "pipe", "pipe"] });
  // A program that ends without reading its input prints its own reason.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const stop = (): void => void child.kill();
  signal?.addEventListener("abort", stop);
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output.stderr += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      signal?.removeEventListener("abort", stop);
      if (code === 0) resolve(output.stdout);
      else if (signal?.aborted === true) reject(signal.reason as Error);
      else
        reject(
          new Error(`${basename(program)} ended with ${String(code)}: ${findLastErrors(output.stderr)}`),
        );
    });
  });
}

/**
 * Returns the options to start a program as a user: that user's rights, a directory that it may enter, and an environment
 * without our variables.
 */
export function createSpawnOptions(user: ServerUser | null): SpawnOptions {
  if (process.platform === "win32") return {};
  const rights = user === null ? {} : { uid: user.uid, gid: user.gid };
  return { ...rights, cwd: "/", env: { PATH: "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" } };
}

/** Finds the last errors that a program printed, on one line. */
export function findLastErrors(log: string): string {
  const lines = log.split("\n").filter((line) => line.trim() !== "");
  const errors = lines.filter((line) =>
    /error|fatal|panic|not found|cannot|unrecognized|invalid/i.test(line),
  );
  return (errors.length > 0 ? errors : lines).slice(-2).join("; ").trim();
}
