import type { Connection } from "pg";

/**
 * Lets a connection take no login but one that is bound to its TLS. The password is not sent to a server that asks for another
 * one. Returns the function that throws, once connected, if the server has asked for no login at all.
 */
export function requireChannelBinding(connection: Connection): () => void {
  let isBound = false;
  const refuse = (): Error => {
    const error = new Error(UNBOUND);
    connection.stream.destroy(error);
    return error;
  };
  connection.prependListener("authenticationCleartextPassword", refuse);
  connection.prependListener("authenticationMD5Password", refuse);
  connection.prependListener("authenticationSASL", ({ mechanisms }: { mechanisms: readonly string[] }) => {
    isBound = mechanisms.includes("SCRAM-SHA-256-PLUS");
    if (!isBound) refuse();
  });
  return () => {
    if (!isBound) throw refuse();
  };
}

const UNBOUND = "the server offers no login that is bound to its TLS, as channel_binding=require asks";
