import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";
import { onTestFinished } from "vitest";
import { createIdentity } from "../../../src/server/identity/identity.js";
import { createOpenIdConnectIdentity } from "../../../src/server/identity/open-id-connect.js";
import { served } from "../running.js";

export interface Key {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

export async function newKey(kid: string, alg = "ES256"): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg } };
}

/** Starts an OpenID Connect issuer on loopback; its keys, and whether it answers, change under the test's hands. */
export async function startIssuer(keys: Key[]) {
  const state = { keys, down: false, asked: 0, called: null as string | null };
  const server = createServer((request, response) => {
    state.asked++;
    if (state.down) {
      response.writeHead(500).end("down");
      return;
    }
    const body = request.url?.endsWith("/jwks")
      ? { keys: state.keys.map((key) => key.jwk) }
      : { issuer: state.called ?? url, jwks_uri: `${url}/jwks` };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });

  const sign = (key: Key, claims: JWTPayload = {}, header: Record<string, unknown> = {}): Promise<string> =>
    new SignJWT({
      roles: ["reader"],
      sub: "alice",
      iss: url,
      aud: "vnic-graph",
      exp: nowS() + 300,
      ...claims,
    })
      .setProtectedHeader({ alg: key.alg, kid: key.kid, ...header })
      .sign(key.privateKey);
  return { url, state, sign };
}

export const nowS = (): number => Math.floor(Date.now() / 1_000);

/** Starts a server that accepts the tokens of an issuer of its own. */
export async function gatewayWithIssuer(
  options: { keys?: Key[]; rolesClaim?: string; cooldownMs?: number; now?: () => number } = {},
) {
  const key = options.keys?.[0] ?? (await newKey("first"));
  const issuer = await startIssuer(options.keys ?? [key]);
  const oidc = createOpenIdConnectIdentity({
    issuer: issuer.url,
    audience: "vnic-graph",
    rolesClaim: options.rolesClaim ?? "roles",
    timeoutMs: 60_000,
    cooldownMs: options.cooldownMs ?? 0,
    ...(options.now === undefined ? {} : { now: options.now }),
  });
  const server = await served({ identity: createIdentity([oidc]) });
  const ask = async (token: string) => {
    const { status, body } = await server.post("{ vm(id: 1) { id } }", {
      headers: { authorization: `Bearer ${token}` },
    });
    return [status, body.errors?.[0]?.extensions.code];
  };
  return { key, issuer, server, ask };
}
