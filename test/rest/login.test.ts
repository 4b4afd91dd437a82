import Fastify from "fastify";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { unwrapToken, wrapToken } from "../../src/model/wrapped-token.js";
import { registerLogin, type LoginOptions } from "../../src/rest/login-plugin.js";

const TOKEN = "vg_a-token";
let stop: () => Promise<void> = () => Promise.resolve();

afterEach(() => stop());

async function startLogin(options: Partial<LoginOptions> = {}) {
  const app = Fastify({ exposeHeadRoutes: false });
  await app.register(registerLogin, {
    isRequired: true,
    identify: (authorization: string) =>
      authorization === `Bearer ${TOKEN}`
        ? Promise.resolve()
        : Promise.reject(Object.assign(new Error("not valid"), { status: 401 })),
    ...options,
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  stop = () => app.close();
  const { port } = app.server.address() as AddressInfo;
  return async (path: string, form: Record<string, string> | string, init: RequestInit = {}) => {
    const body = typeof form === "string" ? form : new URLSearchParams(form);
    const response = await fetch(`http://127.0.0.1:${port}/ovirt-engine${path}`, {
      method: "POST",
      body,
      ...init,
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text === "" ? {} : JSON.parse(text)) as Record<string, string>,
    };
  };
}

const GOOD = { grant_type: "password", scope: "ovirt-app-api", username: "admin@internal", password: TOKEN };

describe("oVirt's login", () => {
  test("gives a token for a bearer token as the password, whatever the name", async () => {
    const post = await startLogin();
    const { status, headers, body } = await post("/sso/oauth/token", GOOD);
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(body).toEqual({ access_token: wrapToken(TOKEN), token_type: "bearer", scope: "ovirt-app-api" });
  });

  test("gives a token in which the password cannot be found, because Ansible hides passwords in what it shows", () => {
    for (const token of [TOKEN, "a.b.c", "x".repeat(4_000)]) {
      expect(wrapToken(token)).not.toContain(token);
      expect(unwrapToken(wrapToken(token))).toBe(token);
      expect(unwrapToken(token)).toBe(token);
    }
  });

  test.each(
    Object.entries<{ readonly form: Record<string, string>; readonly status: number; readonly code: string }>(
      {
        "another password": { form: { ...GOOD, password: "admin" }, status: 400, code: "access_denied" },
        "no password": { form: { grant_type: "password" }, status: 400, code: "access_denied" },
        "a password that no header may hold": {
          form: { ...GOOD, password: "a\r\nb" },
          status: 400,
          code: "access_denied",
        },
        "another grant": {
          form: { ...GOOD, grant_type: "authorization_code" },
          status: 400,
          code: "unsupported_grant_type",
        },
        nothing: { form: {}, status: 400, code: "unsupported_grant_type" },
      },
    ),
  )("answers %s with an error in both of oVirt's forms", async (_, { form, status, code }) => {
    const post = await startLogin();
    const reply = await post("/sso/oauth/token", form);
    expect(reply.status).toBe(status);
    expect(reply.body).toEqual({
      error: code,
      error_code: code,
      error_description: expect.any(String) as string,
    });
  });

  test("has no token for Kerberos", async () => {
    const post = await startLogin();
    const form = { grant_type: "urn:ovirt:params:oauth:grant-type:http", scope: "ovirt-app-api" };
    const { status, body } = await post("/sso/oauth/token-http-auth", form);
    expect([status, body["error_code"]]).toEqual([400, "unsupported_grant_type"]);
  });

  test("gives everybody a token where none is needed", async () => {
    const post = await startLogin({ isRequired: false });
    const { body } = await post("/sso/oauth/token", { ...GOOD, password: "ü anything" });
    expect(body["access_token"]).toBe("anybody");
  });

  test.each(["/services/sso-logout", "/sso/oauth/revoke"])("lets clients log out at %s", async (path) => {
    const post = await startLogin();
    const { status, body } = await post(path, { scope: "ovirt-app-api", token: "x" });
    expect([status, body]).toEqual([200, {}]);
  });

  test("refuses passwords in URLs, other forms and long ones", async () => {
    const post = await startLogin();
    const get = await post("/sso/oauth/token?grant_type=password&password=x", "", {
      method: "GET",
      body: null,
    });
    expect([get.status, get.headers.get("allow")]).toEqual([405, "POST"]);
    const json = await post("/sso/oauth/token", "{}", { headers: { "content-type": "application/json" } });
    expect([json.status, json.body["error"]]).toEqual([415, "invalid_request"]);
    const long = await post("/sso/oauth/token", { ...GOOD, password: "x".repeat(100_000) });
    expect([long.status, long.body["error"]]).toEqual([413, "invalid_request"]);
  });

  test("says that it cannot say while the issuer is away, and tells nobody of errors that nobody foresaw", async () => {
    const failing = (error: Error) => startLogin({ identify: () => Promise.reject(error) });
    const away = await failing(Object.assign(new Error("The issuer does not answer."), { status: 503 }));
    const { status, headers, body } = await away("/sso/oauth/token", GOOD);
    expect([status, headers.get("retry-after"), body["error"]]).toEqual([
      503,
      "5",
      "temporarily_unavailable",
    ]);
    await stop();
    const broken = await failing(new Error("secret"));
    const reply = await broken("/sso/oauth/token", GOOD);
    expect([reply.status, reply.body["error_description"]]).toEqual([500, "Internal error."]);
  });
});
