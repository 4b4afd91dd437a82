import { request } from "node:http";
import type WebSocket from "ws";
import { openSubscriberSocket, type OnChange, type Subscriber } from "./subscribers.js";

/** Creates a subscriber of Yoga by server-sent events. It has no cursor after which it could continue. */
export function createPubSubSubscriber(
  url: string,
  vmIds: readonly string[],
  onChange: OnChange,
): Subscriber {
  let got = 0;
  let leave: () => void = () => undefined;
  const body = JSON.stringify({
    query: "subscription ($vmIds: [ID!]!) { changed(vmIds: $vmIds) { id ips } }",
    variables: { vmIds },
  });
  return {
    get got() {
      return got;
    },
    connect: () =>
      new Promise((resolve, reject) => {
        const headers = { "content-type": "application/json", accept: "text/event-stream" };
        const sent = request(url, { method: "POST", headers, agent: false }, (response) => {
          let rest = "";
          response.on("data", (chunk: Buffer) => {
            const lines = (rest + chunk.toString()).split("\n");
            rest = lines.pop() ?? "";
            for (const line of lines) {
              const found = /^data: .*"ips":"([^"]+)"/.exec(line);
              if (found?.[1] === undefined) continue;
              got += 1;
              onChange(found[1]);
            }
          });
          response.on("error", () => undefined);
          resolve();
        });
        sent.on("error", reject);
        sent.end(body);
        leave = () => {
          sent.on("error", () => undefined);
          sent.destroy();
        };
      }),
    leave: () => {
      leave();
    },
  };
}

/**
 * Creates a subscriber of PostGraphile: a WebSocket with a subscription to the channel of its VMs. It has no cursor after
 * which it could continue.
 */
export function createListenSubscriber(
  url: string,
  vmIds: readonly string[],
  onChange: OnChange,
): Subscriber {
  const query = "subscription ($group: Int!) { changed(group: $group) { id ips } }";
  // Its VMs have numbers one after another, in the last digits of their ids.
  const group = Math.floor((Number.parseInt(vmIds[0]!.slice(-8), 16) - 1) / vmIds.length);
  let got = 0;
  let socket: WebSocket | null = null;
  return {
    get got() {
      return got;
    },
    connect: () =>
      new Promise((resolve, reject) => {
        const opened = openSubscriberSocket(url, reject);
        socket = opened;
        opened.on("message", (data: Buffer) => {
          const { type, payload } = JSON.parse(data.toString()) as ListenMessage;
          if (type === "connection_ack") {
            const payload = { query, variables: { group } };
            opened.send(JSON.stringify({ type: "subscribe", id: "1", payload }));
            resolve();
          } else if (type === "next" && payload?.data != null) {
            got += 1;
            onChange(payload.data.changed.ips);
          } else if (type === "next" || type === "error") reject(new Error(data.toString()));
        });
      }),
    leave: () => {
      socket?.terminate();
    },
  };
}

interface ListenMessage {
  readonly type: string;
  readonly payload?: { readonly data: { readonly changed: { readonly ips: string } } | null };
}
