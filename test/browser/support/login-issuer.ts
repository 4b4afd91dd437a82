import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { SignJWT } from "jose";
import { newKey } from "../../server/identity/issuer.js";

/** An OpenID Connect issuer on loopback, at which people sign in with one click, and a public client that it knows. */
export interface LoginIssuer {
  readonly url: string;
  /** What the page asked of `/authorize`, the newest last. */
  readonly asked: URLSearchParams[];
  /** How each question for tokens ended, such as `authorization_code 200`. */
  readonly redeemed: string[];
  /** How long tokens live. */
  lifeS: number;
  stop(): Promise<void>;
}

/** Starts an issuer that lets the client `portal` have tokens for this audience, by codes that PKCE protects. */
export async function startLoginIssuer(audience: string): Promise<LoginIssuer> {
  const key = await newKey("login");
  const codes = new Map<string, URLSearchParams>();
  const refreshTokens = new Set<string>();
  const issuer = { url: "", asked: [] as URLSearchParams[], redeemed: [] as string[], lifeS: 300 };

  const authorize = (parameters: URLSearchParams, response: ServerResponse): void => {
    issuer.asked.push(parameters);
    const code = randomUUID();
    codes.set(code, parameters);
    const lead = (values: Record<string, string>): string => {
      const back = new URL(parameters.get("redirect_uri")!);
      for (const [name, value] of Object.entries({ state: parameters.get("state")!, ...values })) {
        back.searchParams.set(name, value);
      }
      return back.href.replaceAll("&", "&amp;");
    };
    response.setHeader("content-type", "text/html");
    response.end(
      `<a href="${lead({ code, iss: issuer.url })}">Continue</a> <a href="${lead({ error: "access_denied" })}">Cancel</a>`,
    );
  };

  const redeem = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const given = new URLSearchParams(text);
    const grant = given.get("grant_type")!;
    const isGood = grant === "refresh_token" ? takeRefresh(given) : takeCode(given);
    issuer.redeemed.push(`${grant} ${isGood ? 200 : 400}`);
    response.setHeader("access-control-allow-origin", request.headers.origin ?? "*");
    if (!isGood) {
      response.writeHead(400).end("{}");
      return;
    }
    const refresh = randomUUID();
    refreshTokens.add(refresh);
    const token = await new SignJWT({
      roles: ["reader"],
      sub: "alice",
      iss: issuer.url,
      aud: audience,
      jti: refresh,
    })
      .setProtectedHeader({ alg: key.alg, kid: key.kid })
      .setExpirationTime(Math.floor(Date.now() / 1_000) + issuer.lifeS)
      .sign(key.privateKey);
    response.setHeader("content-type", "application/json");
    response.end(
      JSON.stringify({
        access_token: token,
        token_type: "Bearer",
        expires_in: issuer.lifeS,
        refresh_token: refresh,
      }),
    );
  };

  const takeRefresh = (given: URLSearchParams): boolean =>
    given.get("client_id") === "portal" && refreshTokens.delete(given.get("refresh_token") ?? "");

  const takeCode = (given: URLSearchParams): boolean => {
    const code = given.get("code") ?? "";
    const asked = codes.get(code);
    codes.delete(code);
    const challenge = createHash("sha256")
      .update(given.get("code_verifier") ?? "")
      .digest("base64url");
    return (
      asked !== undefined &&
      asked.get("code_challenge_method") === "S256" &&
      asked.get("code_challenge") === challenge &&
      asked.get("client_id") === given.get("client_id") &&
      asked.get("redirect_uri") === given.get("redirect_uri")
    );
  };

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", issuer.url);
    if (pathname === "/authorize") authorize(searchParams, response);
    else if (pathname === "/token") void redeem(request, response);
    else {
      response.setHeader("content-type", "application/json");
      response.setHeader("access-control-allow-origin", "*");
      const about = {
        issuer: issuer.url,
        jwks_uri: `${issuer.url}/jwks`,
        authorization_endpoint: `${issuer.url}/authorize`,
        token_endpoint: `${issuer.url}/token`,
      };
      response.end(JSON.stringify(pathname === "/jwks" ? { keys: [key.jwk] } : about));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  issuer.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(issuer, {
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  });
}
