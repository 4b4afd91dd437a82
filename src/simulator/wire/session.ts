import type { Link } from "./link.js";
import { encodeServerFrame, type ClientFrame } from "./stomp.js";

/** Takes the body of a SEND to one of VDSM's request destinations. */
export type RequestSink = (body: string, replyTo: string | null) => void;

/** The shortest interval of heartbeats. A shorter one is raised to this. */
const LEAST_BEAT_MS = 1_000;

/** The interval at which VDSM's reactor looks for silent clients if it sends no heartbeats itself. */
const IDLE_WAKE_MS = 30_000;

const REQUEST_DESTINATIONS = ["jms.topic.vdsm_requests", "jms.topic.vdsm_irs_requests"];

/** The STOMP session of one connection: the part of version 1.2 that VDSM has, with its errors. */
export class Session {
  /** Subscription id → destination. */
  private readonly subscriptions = new Map<string, string>();
  private lastHeard = Date.now();

  constructor(
    private readonly link: Link,
    private readonly request: RequestSink,
    private readonly beats: boolean,
  ) {}

  /** Lists the ids of this connection's subscriptions to a destination. */
  listSubscriptionsTo(destination: string): string[] {
    return [...this.subscriptions].filter(([, to]) => to === destination).map(([id]) => id);
  }

  /** Notes that bytes arrived. Any byte counts as a heartbeat. */
  noteReceived(): void {
    this.lastHeard = Date.now();
  }

  receive(frame: ClientFrame): void {
    switch (frame.command) {
      case "CONNECT":
        this.connect(frame.headers);
        break;
      case "SUBSCRIBE":
        this.subscribe(frame.headers.get("destination"), frame.headers.get("id"));
        break;
      case "UNSUBSCRIBE":
        this.unsubscribe(frame.headers.get("id"));
        break;
      case "SEND":
        this.send(frame);
        break;
      case "DISCONNECT":
        this.disconnect(frame.headers.get("receipt"));
        break;
      default:
        this.link.close();
    }
  }

  private connect(headers: ReadonlyMap<string, string>): void {
    if (headers.get("accept-version") !== "1.2") {
      this.sendError("Version unsupported");
      return;
    }
    const [promised, wanted] = parseHeartbeats(headers.get("heart-beat"));
    this.link.send(
      encodeServerFrame("CONNECTED", [
        ["version", "1.2"],
        ["heart-beat", `${wanted},${promised}`],
      ]),
    );
    if (wanted > 0 && this.beats) this.link.startHeartbeats(wanted);
    if (promised > 0) this.watch(promised, wanted > 0 ? wanted : IDLE_WAKE_MS);
  }

  /** Watches for a silent client. VDSM adds no tolerance, but looks only when it wakes. */
  private watch(promisedMs: number, wakeMs: number): void {
    this.link.repeat(wakeMs, () => {
      if (Date.now() - this.lastHeard >= promisedMs) this.link.destroy();
    });
  }

  private subscribe(destination: string | undefined, id: string | undefined): void {
    if (!destination || !id) this.sendError("Missing destination or subscription id header");
    else if (this.subscriptions.has(id)) this.sendError("Subscription id already exists");
    else this.subscriptions.set(id, destination);
  }

  private unsubscribe(id: string | undefined): void {
    if (id === undefined) this.sendError("Missing id header");
    else if (!this.subscriptions.delete(id)) this.sendError("Subscription id not found");
  }

  private send(frame: ClientFrame): void {
    const destination = frame.headers.get("destination") ?? "";
    if (REQUEST_DESTINATIONS.some((known) => destination === known || destination.startsWith(`${known}.`))) {
      this.request(frame.body.toString(), frame.headers.get("reply-to") ?? null);
    } else {
      this.sendError("Subscription not available");
    }
  }

  /** Answers DISCONNECT. Without the header `receipt`, vdsm fails and drops the client. */
  private disconnect(receipt: string | undefined): void {
    if (receipt === undefined) this.link.close();
    else this.link.send(encodeServerFrame("RECEIPT", [["receipt-id", receipt]]));
  }

  private sendError(text: string): void {
    this.link.send(encodeServerFrame("ERROR", [], text));
  }
}

/**
 * Parses the intervals that the client promises and wants, in ms. Text that is no number counts as 0; short intervals
 * are raised.
 */
function parseHeartbeats(header: string | undefined): [number, number] {
  const match = /^(\d+),(\d+)$/.exec(header ?? "");
  const raiseHeartbeat = (text: string | undefined) =>
    Number(text ?? 0) > 0 ? Math.max(Number(text), LEAST_BEAT_MS) : 0;
  return [raiseHeartbeat(match?.[1]), raiseHeartbeat(match?.[2])];
}
