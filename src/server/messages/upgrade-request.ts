import { IncomingMessage } from "node:http";

/**
 * A request whose `Upgrade` header counts only if it asks for a WebSocket, or if its method is CONNECT. A server may
 * ignore any other upgrade, and answers as if the header were absent. Java's HttpClient, for example, asks for HTTP/2
 * with its first request on each connection. Node itself would take every such request for an upgrade as soon as the
 * server has a listener for upgrades.
 */
export class UpgradeRequest extends IncomingMessage {
  private isAsked = false;

  /** What the parser found, and what Node asks before it decides what the request is. */
  get upgrade(): boolean {
    return this.isAsked && (this.method === "CONNECT" || isWebSocket(this.headers.upgrade));
  }

  set upgrade(isAsked: boolean | null) {
    this.isAsked = isAsked === true;
  }
}

function isWebSocket(upgrade: string | undefined): boolean {
  return upgrade?.trim().toLowerCase() === "websocket";
}
