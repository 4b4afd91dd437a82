import { Writable } from "node:stream";
import { readFollowTask, runFollowCommand } from "../../../src/commands/live/follow.js";
import type { LiveGateway } from "../../../src/commands/live/live-gateway.js";

/** A line that `follow` prints. */
export interface FollowLine {
  readonly kind: string;
  readonly cursor: string;
  readonly vmId: string;
  readonly changes: readonly { readonly kind: string }[];
  readonly after: { readonly name: string; readonly guestInfo: { readonly ips: readonly string[] } };
}

/** Follows a gateway as the command does, until it is stopped. */
export function followGateway(gateway: LiveGateway, flags: Readonly<Record<string, string>>) {
  const stopping = new AbortController();
  const lines: FollowLine[] = [];
  const hints: string[] = [];
  const output = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(JSON.parse(chunk.toString()) as FollowLine);
      done();
    },
  });
  const hint = (line: string) => void hints.push(line);
  const ended = runFollowCommand(readFollowTask(flags), gateway, output, hint, stopping.signal);
  // Tests look at how it ended when they expect it to.
  ended.catch(() => undefined);
  const stop = async () => {
    stopping.abort();
    await ended;
  };
  /** The kind and the addresses of each line. */
  const told = () => lines.map(({ kind, after }) => `${kind} ${after.guestInfo.ips.join(" ")}`);
  return { lines, hints, output, ended, stop, told };
}
