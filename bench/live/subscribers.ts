import WebSocket from "ws";

/** Called for each change that a subscriber gets, with the addresses that identify the change. */
export type OnChange = (ips: string) => void;

/** A subscriber. It can leave, and come back at its last cursor. */
export interface Subscriber {
  readonly got: number;
  connect(): Promise<void>;
  leave(): void;
}

/** Creates a subscriber who follows these VMs. */
export type CreateSubscriber = (url: string, vmIds: readonly string[], onChange: OnChange) => Subscriber;

const FOLLOW = `subscription ($vmIds: [ID!], $after: String) {
  guestNetworkChanged(filter: { vmIds: $vmIds }, after: $after) { kind cursor vm { id guestInfo { ips } } }
}`;

/** Creates a subscriber of our gateway, over a WebSocket. */
export function createOwnSubscriber(url: string, vmIds: readonly string[], onChange: OnChange): Subscriber {
  let got = 0;
  let after: string | null = null;
  let socket: WebSocket | null = null;
  return {
    get got() {
      return got;
    },
    connect: () =>
      new Promise((resolve, reject) => {
        const opened = openSubscriberSocket(url, reject);
        socket = opened;
        const isResumed = after !== null;
        opened.on("message", (data: Buffer) => {
          const { type, payload } = JSON.parse(data.toString()) as { type: string; payload?: OwnPayload };
          if (type === "connection_ack") {
            const variables = { vmIds, after };
            opened.send(
              JSON.stringify({ type: "subscribe", id: "1", payload: { query: FOLLOW, variables } }),
            );
            if (isResumed) resolve();
          } else if (type === "next" && payload?.data != null) {
            const { kind, cursor, vm } = payload.data.guestNetworkChanged;
            after = cursor;
            if (kind === "STATE") resolve();
            else {
              got += 1;
              onChange(vm.guestInfo.ips[0] ?? "");
            }
          } else if (type === "error") reject(new Error(data.toString()));
        });
      }),
    leave: () => {
      socket?.terminate();
    },
  };
}

/**
 * Opens a WebSocket for subscriptions, and starts its protocol. `reject` gets the error of a refused connection, which
 * would otherwise be waited for without an end.
 */
export function openSubscriberSocket(url: string, reject: (error: Error) => void): WebSocket {
  const opened = new WebSocket(url.replace(/^http/, "ws"), "graphql-transport-ws");
  opened.on("error", reject);
  opened.on("close", (code, reason) => {
    reject(new Error(`${url} closed a subscriber with ${code}: ${reason.toString()}`));
  });
  opened.on("open", () => {
    opened.send('{"type":"connection_init"}');
  });
  return opened;
}

interface OwnPayload {
  readonly data: {
    readonly guestNetworkChanged: {
      readonly kind: string;
      readonly cursor: string;
      readonly vm: { readonly guestInfo: { readonly ips: readonly string[] } };
    };
  } | null;
}
