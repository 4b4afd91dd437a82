import { createInterface } from "node:readline";
import { lockDataDir } from "../../src/embedded-postgres/lock.js";

// Runs for one lock after the other: a line `take <directory>` asks for it, a line `free` gives it back.
let release: (() => Promise<void>) | null = null;
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "free") {
    await release?.();
    release = null;
    process.stdout.write("freed\n");
    continue;
  }
  try {
    release = await lockDataDir(line.slice("take ".length));
    process.stdout.write("has it\n");
  } catch (error) {
    process.stdout.write(`refused: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}
