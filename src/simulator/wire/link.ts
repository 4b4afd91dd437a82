import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { CallFault } from "./faults.js";
import { HEARTBEAT } from "./stomp.js";

/** A reset that overtakes its bytes looks like an orderly end to some clients (libuv's among them). */
const RESET_PAUSE_MS = 20;

/** The sending half of one connection; scripted faults spoil bytes here and nowhere else. */
export class Link {
  /** What is to be sent after the frame that is on its way. */
  private readonly queue: (() => void)[] = [];
  private readonly timers = new Set<NodeJS.Timeout>();
  private busy = false;
  private silent = false;
  /** Nothing more is read or sent; the bytes written before still go out. */
  closed = false;

  constructor(
    /** The TCP socket, for resets. */
    private readonly socket: Socket,
    /** The stream that carries the frames: the socket itself, or TLS over it. */
    readonly stream: Duplex,
  ) {}

  /** Queues whole frames; nothing ever comes between the bytes of one. */
  send(bytes: Buffer): void {
    this.runInTurn(() => {
      if (!this.silent && !this.closed && this.stream.writable) this.stream.write(bytes);
    });
  }

  /** Sends an answer as the fault wants it. */
  deliver(bytes: Buffer, fault: CallFault | null): void {
    switch (fault?.kind) {
      case "silence":
        this.silence();
        break;
      case "hold":
        void fault.until.then(() => {
          this.send(bytes);
        });
        break;
      case "drip":
        this.runInTurn(() => {
          this.writeSlowly(bytes, fault.everyMs, fault.bytes ?? 1);
        });
        break;
      case "reset":
        this.closed = true;
        this.stream.write(bytes.subarray(0, fault.atByte), () => {
          const timer = setTimeout(() => {
            this.reset();
          }, RESET_PAUSE_MS);
          this.timers.add(timer);
        });
        break;
      case "close":
        this.close(bytes.subarray(0, fault.atByte));
        break;
      case "garbage":
        this.send(
          Buffer.from(fault.bytes ?? Buffer.from("\u0001\u0002 no frame at all\n\nneither is this\0")),
        );
        break;
      case "oversize":
        this.oversize(fault.bytes);
        break;
      default:
        this.send(bytes);
    }
  }

  /** Sends a heartbeat at this interval until the connection ends or falls silent. */
  startHeartbeats(intervalMs: number): void {
    this.repeat(intervalMs, () => {
      if (!this.busy) this.send(HEARTBEAT);
    });
  }

  /** Sends nothing more, without an end of the connection. */
  silence(): void {
    this.silent = true;
  }

  repeat(intervalMs: number, action: () => void): void {
    this.timers.add(setInterval(action, intervalMs));
  }

  /** Sends these last bytes and ends the connection in the orderly way. */
  close(lastWords: Buffer | string = ""): void {
    this.closed = true;
    this.stopTimers();
    if (this.stream.writable) this.stream.end(lastWords, () => this.stream.destroy());
  }

  reset(): void {
    this.closed = true;
    this.stopTimers();
    this.socket.resetAndDestroy();
  }

  destroy(): void {
    this.closed = true;
    this.stopTimers();
    this.stream.destroy();
    this.socket.destroy();
  }

  stopTimers(): void {
    for (const timer of this.timers) clearInterval(timer);
    this.timers.clear();
  }

  private runInTurn(action: () => void): void {
    if (this.busy) this.queue.push(action);
    else action();
  }

  private writeSlowly(bytes: Buffer, everyMs: number, size: number): void {
    if (this.closed) return;
    this.busy = true;
    let at = 0;
    const timer = setInterval(() => {
      if (this.stream.writable) this.stream.write(bytes.subarray(at, at + size));
      at += size;
      if (at < bytes.length) return;
      clearInterval(timer);
      this.timers.delete(timer);
      this.busy = false;
      for (const action of this.queue.splice(0)) this.runInTurn(action);
    }, everyMs);
    this.timers.add(timer);
  }

  /** Announces all bytes and sends them as fast as they are read; a careful client reads few of them. */
  private oversize(size: number): void {
    this.busy = true;
    const chunk = Buffer.alloc(65_536, " ");
    let left = size;
    const more = () => {
      while (left > 0 && this.stream.writable) {
        left -= chunk.length;
        if (!this.stream.write(chunk)) {
          this.stream.once("drain", more);
          return;
        }
      }
    };
    this.stream.write(`MESSAGE\ncontent-type:application/json\ncontent-length:${size}\n\n`);
    more();
  }
}
