import { readFileSync } from "node:fs";
import type pg from "pg";

/** The cost of some work in the database. */
export interface Spent {
  readonly milliseconds: number;
  /**
   * CPU of the server's sessions, which other work on the machine does not disturb. It is the clock's time if CPU
   * cannot be read: the server is on another machine, or this is not Linux.
   */
  readonly cpuMilliseconds: number;
}

/** Measures what the sessions of a database are doing. */
export class Meter {
  private pids: readonly number[] = [];

  constructor(private readonly client: pg.Client) {}

  /** Prepares the meter. Call it when all connections that will be used are open. */
  async prepare(): Promise<void> {
    const { rows } = await this.client.query<{ pid: number }>(
      "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND inet_server_addr() = inet_client_addr()",
    );
    this.pids = rows.map(({ pid }) => pid);
  }

  async measure<T>(work: () => Promise<T>): Promise<Spent & { readonly answer: T }> {
    const [cpu, started] = [this.readCpu(), performance.now()];
    const answer = await work();
    const milliseconds = performance.now() - started;
    const cpuAfter = this.readCpu();
    const cpuMilliseconds = cpu === null || cpuAfter === null ? milliseconds : cpuAfter - cpu;
    return { answer, milliseconds, cpuMilliseconds };
  }

  private readCpu(): number | null {
    try {
      const nanoseconds = this.pids.map((pid) =>
        Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[0]),
      );
      return nanoseconds.length === 0 ? null : nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6;
    } catch {
      return null;
    }
  }
}
