import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "graphql-ws";
import WebSocket from "ws";

/** A client that follows all VMs, and goes on behind its last cursor wherever it can whenever it loses its connection. */
export interface ResumingClient {
  /** The changes that it was told, each as {@link describeChange} says. */
  readonly changes: readonly string[];
  /** How often the state was told to it: once, unless its cursor was refused. */
  readonly states: number;
  /** The state was sent whole: it can go on from here. */
  readonly hasState: boolean;
  /** How often it had to connect. */
  readonly connections: number;
  /** Codes of errors that ended a subscription. */
  readonly refusals: readonly string[];
  stop(): Promise<void>;
}

const FOLLOW = `subscription ($after: String) {
  guestNetworkChanged(after: $after) { kind cursor at vmId }
}`;

interface Answer {
  readonly data?: {
    readonly guestNetworkChanged: {
      readonly kind: "STATE" | "CHANGE";
      readonly cursor: string;
      readonly at: string;
      readonly vmId: string;
    };
  } | null;
}

/** Starts one; `findUrl` says where to connect the next time. */
export function startResumingClient(findUrl: () => string): ResumingClient {
  const changes: string[] = [];
  const refusals: string[] = [];
  const figures = { states: 0, connections: 0 };
  let after: string | null = null;
  const state = { isStopped: false };
  let leave: () => void = () => undefined;

  const next = ({ data }: Answer): void => {
    if (data == null) return;
    const { kind, cursor, at, vmId } = data.guestNetworkChanged;
    if (kind === "CHANGE") changes.push(describeChange(vmId, at));
    after = cursor === "start" ? null : cursor;
  };

  const followOnce = async (): Promise<void> => {
    figures.connections += 1;
    if (after === null) {
      figures.states += 1;
      changes.length = 0;
    }
    const client = createClient({
      url: `${findUrl().replace(/^http/, "ws")}/graphql`,
      webSocketImpl: QuietWebSocket,
      retryAttempts: 0,
    });
    await new Promise<void>((resolve) => {
      leave = client.subscribe<Answer["data"]>(
        { query: FOLLOW, variables: { after } },
        {
          next: (answer) => {
            next(answer as Answer);
          },
          error: (error) => {
            const [first] = Array.isArray(error) ? (error as { extensions?: { code?: string } }[]) : [];
            if (first !== undefined) refusals.push(first.extensions?.code ?? "none");
            if (first?.extensions?.code === "CURSOR_LOST") after = null;
            resolve();
          },
          complete: resolve,
        },
      );
      if (state.isStopped) leave();
    });
    await client.dispose();
  };

  const running = (async () => {
    while (!state.isStopped) {
      await followOnce();
      await sleep(50);
    }
  })();
  return {
    changes,
    refusals,
    get states() {
      return figures.states;
    },
    get hasState() {
      return after !== null;
    },
    get connections() {
      return figures.connections;
    },
    stop: async () => {
      state.isStopped = true;
      leave();
      await running;
    },
  };
}

/** Names a change by its VM and time, by which it differs from all others of that VM. */
export function describeChange(vmId: string, at: string): string {
  return `${vmId} ${at}`;
}

/** A WebSocket that may be ended before it is open. */
class QuietWebSocket extends WebSocket {
  constructor(...given: ConstructorParameters<typeof WebSocket>) {
    super(...given);
    this.on("error", () => undefined);
  }
}
