import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { CallFault } from "./faults.js";
import { HEARTBEAT } from "./stomp.js";

/**
 * The pause between the last bytes and a reset. A reset that overtakes its bytes looks like an orderly end to some
 * clients (libuv).
 */
const RESET_PAUSE_MS = 20;

/** The sending half of one connection. Scripted faults change bytes here and nowhere else. */
export class Link {
  /** Work to do after the frame that is being sent. */
  private readonly queue: (() => void)[] = [];
  private readonly timers = new Set<NodeJS.Timeout>();
  private busy = false;
  private silent = false;
  /** `true`: nothing more is read or sent. Bytes that were written before still go out. */
  closed = false;

  constructor(
    /** The TCP socket, for resets. */
    private readonly socket: Socket,
    /** The stream that carries the frames: the socket itself, or TLS over it. */
    readonly stream: Duplex,
  ) {}

  /** Queues complete frames. No other bytes ever come between those of one frame. */
  send(bytes: Buffer): void {
    this.runInTurn(() => {
      if (!this.silent && !this.closed && this.stream.writable) this.stream.write(bytes);
    });
  }

  /** Sends an answer in the way of its fault. */
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
        this.sendOversize(fault.bytes);
        break;
      default:
        this.send(bytes);
    }
  }

  /** Sends a heartbeat at this interval until the connection ends or is silenced. */
  startHeartbeats(intervalMs: number): void {
    this.repeat(intervalMs, () => {
      if (!this.busy) this.send(HEARTBEAT);
    });
  }

  /** Stops sending, without ending the connection. */
  silence(): void {
    this.silent = true;
  }

  repeat(intervalMs: number, action: () => void): void {
    this.timers.add(setInterval(action, intervalMs));
  }

  /** Sends these last bytes, then ends the connection in the orderly way. */
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

  /** Announces the size and sends bytes as fast as they are read. A careful client reads few of them. */
  private sendOversize(size: number): void {
    this.busy = true;
    const chunk = Buffer.alloc(65_536, " ");
    let left = size;
    const sendMore = () => {
      while (left > 0 && this.stream.writable) {
        left -= chunk.length;
        if (!this.stream.write(chunk)) {
          this.stream.once("drain", sendMore);
          return;
        }
      }
    };
    this.stream.write(`MESSAGE\ncontent-type:application/json\ncontent-length:${size}\n\n`);
    sendMore();
  }
}
