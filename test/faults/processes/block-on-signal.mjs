// Loaded before the gateway (--import): SIGUSR2 keeps its event loop from turning until a file is there.
import { existsSync } from "node:fs";

const nothing = new Int32Array(new SharedArrayBuffer(4));

process.on("SIGUSR2", () => {
  process.stdout.write("blocked\n");
  while (!existsSync(process.env.BLOCK_UNTIL_FILE ?? "")) Atomics.wait(nothing, 0, 0, 20);
});
