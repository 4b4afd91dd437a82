import type { Socket } from "node:net";
import { createServer, type TLSSocket } from "node:tls";
import type { Credentials } from "./certificates.js";

/** Begins the handshake on an accepted socket. Calls back with the stream when client and host trust each other. */
export type TlsUpgrade = (socket: Socket, secured: (stream: TLSSocket) => void) => void;

/** Creates VDSM's TLS. It requires a client certificate of the same CA, and TLS 1.2 or later. */
export function createTlsUpgrade(credentials: Credentials): TlsUpgrade {
  const waiting = new Map<string, (stream: TLSSocket) => void>();
  // This server never listens. It gets accepted sockets, so that we can reset TCP, or leave it without an answer.
  const server = createServer({
    ca: credentials.ca,
    cert: credentials.cert,
    key: credentials.key,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: "TLSv1.2",
    handshakeTimeout: 10_000,
  });
  server.on("secureConnection", (stream) => {
    stream.on("error", () => undefined);
    waiting.get(formatPeer(stream))?.(stream);
  });
  return (socket, secured) => {
    const peer = formatPeer(socket);
    waiting.set(peer, secured);
    socket.once("close", () => waiting.delete(peer));
    server.emit("connection", socket);
  };
}

function formatPeer(socket: Socket): string {
  return `${socket.remoteAddress ?? ""} ${socket.remotePort ?? 0}`;
}
