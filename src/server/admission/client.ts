import type { IncomingMessage } from "node:http";
import { BlockList, isIP, type Socket } from "node:net";
import type { Identity, KnownViewer } from "../identity/identity.js";
import { dropPort, findAddressGroup } from "./address-group.js";

/** Where a client asks from, and how it addresses the server: as a trusted proxy says, or else as the connection shows. */
export interface Client {
  readonly address: string;
  /** Whose turns and shares it takes where nobody is asked who they are ({@link findAddressGroup}). */
  readonly group: string;
  /** The name by which it calls the server, as in a Host header. */
  readonly host: string | undefined;
  /** Whether it speaks TLS, to us or to the proxy. */
  readonly secure: boolean;
  /** The path in front of all of ours: "" or `/vnic`. */
  readonly basePath: string;
}

/** Finds whose turns and shares a viewer takes: their own, or those of their address where nobody is asked who they are. */
export function findOwnerName(
  { name }: Pick<KnownViewer, "name">,
  { group }: Pick<Client, "group">,
  { required }: Pick<Identity, "required">,
): string {
  return required ? name : group;
}

/** Finds the client of a request. */
export type ReadClient = (request: IncomingMessage) => Client;

/**
 * Creates the function that finds a request's client. X-Forwarded-For, -Host, -Proto and -Prefix count only on
 * connections from an address in `trustedProxies`; from everybody else they are not read. If a header lists several
 * values, the last one counts, since the nearest proxy wrote it; of addresses, the last one that is not a trusted
 * proxy. Everybody else's client is found once for a connection.
 */
export function createClientReader(given: {
  readonly trustedProxies: readonly string[];
  readonly basePath: string;
  readonly secure: boolean;
}): ReadClient {
  const trusted = createAddressList(given.trustedProxies);
  const direct = new WeakMap<Socket, Client>();
  return (request) => {
    const { headers, socket } = request;
    const host = dropEmptyPort(readHost(request));
    const known = direct.get(socket);
    if (known !== undefined && known.host === host) return known;
    const peer = socket.remoteAddress ?? "";
    const { secure, basePath } = given;
    if (!trusted(peer)) {
      const client = { address: peer, group: findAddressGroup(peer), host, secure, basePath };
      direct.set(socket, client);
      return client;
    }
    const proto = readLast(headers["x-forwarded-proto"]);
    const forwarded = readEntries(headers["x-forwarded-for"]).map(dropPort);
    const address = forwarded.findLast((each) => !trusted(each)) ?? peer;
    return {
      address,
      group: findAddressGroup(address),
      host: dropEmptyPort(readLast(headers["x-forwarded-host"])) ?? host,
      secure: proto === undefined ? secure : proto.toLowerCase() === "https",
      basePath: readPrefix(readLast(headers["x-forwarded-prefix"])) ?? basePath,
    };
  };
}

/**
 * Reads the name by which a client calls the server; `undefined` if there is none, or more than one. In a target such as
 * `http://example.org/graphql` the name counts, and not the header (RFC 9112, section 3.2.2). Fastify keeps the target as it came
 * in `originalUrl`.
 */
function readHost({
  originalUrl,
  url = "/",
  headers,
  rawHeaders,
}: IncomingMessage & { readonly originalUrl?: string }): string | undefined {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at];
    if (name?.length === 4 && name.toLowerCase() === "host") hosts += 1;
  }
  // Node would take the first one. What stands in front of this server may have taken another.
  if (hosts > 1) return undefined;
  return /^https?:\/\/([^/?#]*)/i.exec(originalUrl ?? url)?.[1] ?? headers.host;
}

/** Drops a `:` without a port, which is the same name (RFC 3986, section 3.2.3). Proxies write it where a variable is empty. */
function dropEmptyPort(host: string | undefined): string | undefined {
  return host?.replace(/:$/, "");
}

/** Tells whether an address is one of the listed addresses and networks (`10.0.0.0/8`). */
function createAddressList(entries: readonly string[]): (address: string) => boolean {
  if (entries.length === 0) return () => false;
  const list = new BlockList();
  for (const entry of entries) {
    const [address = "", bits] = entry.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return (text) => {
    // A socket that listens for both families shows IPv4 clients as ::ffff:192.0.2.1.
    const address = text.replace(/^::ffff:(?=\d+\.)/i, "");
    const version = isIP(address);
    return version !== 0 && list.check(address, version === 6 ? "ipv6" : "ipv4");
  };
}

function readEntries(header: string | string[] | undefined): string[] {
  return [header ?? []]
    .flat()
    .join(",")
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
}

function readLast(header: string | string[] | undefined): string | undefined {
  return readEntries(header).at(-1);
}

/**
 * Reads the prefix of paths; `null` unless it is a plain path. A prefix such as `//other.example` would lead our links
 * to another server, and browsers resolve `..` before they ask.
 */
function readPrefix(text: string | undefined): string | null {
  return text !== undefined && /^(\/(?!\.\.?(?:\/|$))[\w.~-]+)*\/?$/.test(text)
    ? text.replace(/\/$/, "")
    : null;
}
