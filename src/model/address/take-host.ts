/** A host's name or address, and the port behind it; `null`: none. */
export interface HostAndPort {
  readonly host: string;
  readonly port: string | null;
}

/**
 * Takes the host from `10.0.0.1:22`, `[2001:db8::1]:443`, `app-11:22` and `https://me@10.0.0.1/path`. A text of another form stays
 * as it is. A name that really has a port or a slash contains its host, and so is found by it.
 */
export function takeHost(text: string): HostAndPort {
  const authority =
    text.replace(/^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#]*@)?([^/?#]*).*$/i, "$1").replace(/\/$/, "") || text;
  const [, inBrackets, plain, port] = HOST_AND_PORT.exec(authority) ?? [];
  return { host: inBrackets ?? plain ?? authority, port: port ?? null };
}

const HOST_AND_PORT = /^(?:\[([^[\]]+)\]|([^:\s]+))(?::(\d{1,5}))?$/;

/** Tells whether a text is the beginning of a MAC, or of an address of IPv6, and so no host with a port. */
export function isBeginning(text: string): boolean {
  return /^(?:[0-9a-f]{2}:\d\d|\d+:\d+)$/i.test(text);
}
