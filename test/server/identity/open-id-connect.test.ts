import { createHmac, createPublicKey } from "node:crypto";
import { describe, expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { gatewayWithIssuer, newKey, nowS } from "./issuer.js";

describe("an issuer's token", () => {
  test.each(["RS256", "ES256", "EdDSA"])("opens the graph, signed with %s", async (alg) => {
    const { key, issuer, server, ask } = await gatewayWithIssuer({ keys: [await newKey("first", alg)] });
    expect(await ask(await issuer.sign(key))).toEqual([200, undefined]);
    expect(server.lines.at(-1)).toMatchObject({ viewer: "alice" });
    const asked = issuer.state.asked;
    expect(await ask(await issuer.sign(key))).toEqual([200, undefined]);
    expect(issuer.state.asked, "keys are remembered").toBe(asked);
  });

  test.each([
    ["expired", { exp: nowS() - 60 }],
    ["not valid yet", { nbf: nowS() + 60 }],
    ["for another audience", { aud: "billing" }],
    ["of another issuer", { iss: "https://evil.example" }],
    ["without an end", { exp: undefined }],
    ["without a subject", { sub: undefined }],
  ])("is refused: %s", async (_title, claims) => {
    const { key, issuer, ask } = await gatewayWithIssuer();
    expect(await ask(await issuer.sign(key, claims as never))).toEqual([401, "UNAUTHENTICATED"]);
  });

  test("may be off by the clocks' difference of 30 s", async () => {
    const { key, issuer, ask } = await gatewayWithIssuer();
    expect(await ask(await issuer.sign(key, { exp: nowS() - 10 }))).toEqual([200, undefined]);
  });

  test("is never believed about how to verify it", async () => {
    const { key, issuer, ask } = await gatewayWithIssuer();
    const foreign = await newKey("first");
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const claims = encode({
      roles: ["operator"],
      sub: "mallory",
      iss: issuer.url,
      aud: "vnic-graph",
      exp: nowS() + 300,
    });
    const pem = createPublicKey({ key: key.jwk, format: "jwk" }).export({ type: "spki", format: "pem" });
    const hmac = (header: unknown) => {
      const signed = `${encode(header)}.${claims}`;
      return `${signed}.${createHmac("sha256", pem).update(signed).digest("base64url")}`;
    };
    const forged = [
      `${encode({ alg: "none" })}.${claims}.`,
      `${encode({ alg: "None", kid: "first" })}.${claims}.AA`,
      hmac({ alg: "HS256", kid: "first" }),
      hmac({ alg: "HS256" }),
      await issuer.sign(foreign),
      await issuer.sign(foreign, {}, { jwk: foreign.jwk }),
      await issuer.sign(foreign, {}, { jku: "http://127.0.0.1:1/jwks" }),
      await issuer.sign(foreign, {}, { kid: "../../../../dev/null" }),
      await issuer.sign(foreign, {}, { kid: "' or 1=1 --" }),
      await issuer.sign(key, {}, { crit: ["exp"], exp: 1 }).catch(() => "a.b.c"),
      (await issuer.sign(key)).replace(/\.[^.]+\./, `.${claims}.`),
      "a.b.c",
      `${"a".repeat(5_000)}.${"b".repeat(5_000)}.c`,
      "e30.e30.",
    ];
    for (const token of forged)
      expect([token.slice(0, 60), ...(await ask(token))]).toEqual([
        token.slice(0, 60),
        401,
        "UNAUTHENTICATED",
      ]);
    expect(await ask(await issuer.sign(key))).toEqual([200, undefined]);
  });
});

test.each([
  [[]],
  [null],
  [undefined],
  [""],
  [{ reader: true }],
  [{ 0: "reader", length: 1 }],
  [[["reader"]]],
  [[{ name: "reader" }]],
  [true],
  ["*"],
  ["reader,operator"],
  [["__proto__"]],
])("a claim of roles that names none opens nothing: %j", async (roles) => {
  const { key, issuer, ask } = await gatewayWithIssuer();
  expect(await ask(await issuer.sign(key, { roles }))).toEqual([403, "FORBIDDEN"]);
});

describe("only access tokens count", () => {
  test.each(
    Object.entries<{ readonly claims: Record<string, unknown>; readonly header: Record<string, unknown> }>({
      "an ID token of Keycloak": { claims: { typ: "ID" }, header: { typ: "JWT" } },
      "a refresh token of Keycloak": { claims: { typ: "Refresh" }, header: {} },
      "an ID token of Cognito": { claims: { token_use: "id" }, header: {} },
      "an ID token with a nonce": { claims: { nonce: "n-0S6" }, header: { typ: "JWT" } },
      "an ID token with the hash of its access token": { claims: { at_hash: "77Qm" }, header: {} },
      "an ID token with the hash of its code": { claims: { c_hash: "77Qm" }, header: {} },
      "an ID token of the client that the audience names": { claims: { azp: "vnic-graph" }, header: {} },
      "a logout token": { claims: {}, header: { typ: "logout+jwt" } },
      "a logout token by its events": {
        claims: { events: { "http://schemas.openid.net/event/backchannel-logout": {} } },
        header: {},
      },
      "a security event token": { claims: {}, header: { typ: "application/secevent+jwt" } },
      "a kind that is no text": { claims: { typ: { Bearer: true } }, header: {} },
      "an empty subject": { claims: { sub: "" }, header: {} },
      "a subject that is an object": { claims: { sub: { name: "alice" } }, header: {} },
      "a subject that is a list": { claims: { sub: ["alice"] }, header: {} },
      "a subject with a line break": { claims: { sub: "alice\nbob" }, header: {} },
      "an endless subject": { claims: { sub: "a".repeat(256) }, header: {} },
      "a client that is no text": { claims: { azp: 7 }, header: {} },
    }),
  )("%s is refused", async (_title, { claims, header }) => {
    const { key, issuer, ask } = await gatewayWithIssuer();
    expect(await ask(await issuer.sign(key, claims as never, header))).toEqual([401, "UNAUTHENTICATED"]);
  });

  test.each(
    Object.entries<{ readonly claims: Record<string, unknown>; readonly header: Record<string, unknown> }>({
      "RFC 9068's": { claims: { client_id: "console" }, header: { typ: "at+jwt" } },
      "RFC 9068's, spelt in full": {
        claims: { client_id: "console" },
        header: { typ: "application/AT+JWT" },
      },
      "Keycloak's": { claims: { typ: "Bearer", azp: "vnic-graph", nonce: "n-0S6" }, header: { typ: "JWT" } },
      "Cognito's": { claims: { token_use: "access" }, header: {} },
      "one of another client for us": { claims: { azp: "console" }, header: { typ: "JWT" } },
    }),
  )("an access token is accepted: %s", async (_title, { claims, header }) => {
    const { key, issuer, ask } = await gatewayWithIssuer();
    expect(await ask(await issuer.sign(key, claims as never, header))).toEqual([200, undefined]);
  });
});

describe("roles", () => {
  test.each([
    ["roles", { roles: ["reader"] }, 200],
    ["roles", { roles: "metrics reader" }, 200],
    ["realm_access.roles", { realm_access: { roles: ["operator"] } }, 200],
    ["https://example.org/roles", { "https://example.org/roles": ["router"] }, 200],
    ["roles", { roles: ["metrics"] }, 403],
    ["roles", { roles: ["admin", 7, null] }, 403],
    ["roles", { roles: undefined }, 403],
    ["roles", { roles: { reader: true } }, 403],
    ["__proto__.roles", {}, 403],
  ])("come from the claim %s: %j", async (rolesClaim, claims, status) => {
    const { key, issuer, ask } = await gatewayWithIssuer({ rolesClaim });
    expect((await ask(await issuer.sign(key, claims as never)))[0]).toBe(status);
  });
});

describe("the issuer", () => {
  test("may change its keys", async () => {
    const [first, second] = [await newKey("first"), await newKey("second")];
    const { issuer, ask } = await gatewayWithIssuer({ keys: [first] });
    expect(await ask(await issuer.sign(first))).toEqual([200, undefined]);
    issuer.state.keys = [second];
    expect(await ask(await issuer.sign(second))).toEqual([200, undefined]);
    expect(await ask(await issuer.sign(first))).toEqual([401, "UNAUTHENTICATED"]);
  });

  test("is not asked again for every unknown key", async () => {
    const { key, issuer, ask } = await gatewayWithIssuer({ cooldownMs: 60_000 });
    expect(await ask(await issuer.sign(key))).toEqual([200, undefined]);
    const asked = issuer.state.asked;
    for (let at = 0; at < 20; at++) {
      expect(await ask(await issuer.sign(key, {}, { kid: `unknown-${at}` }))).toEqual([
        401,
        "UNAUTHENTICATED",
      ]);
    }
    expect(issuer.state.asked).toBe(asked);
  });

  test("the issuer that is down is 503 for keys that are not known yet", async () => {
    const [first, second] = [await newKey("first"), await newKey("second")];
    const { issuer, ask } = await gatewayWithIssuer({ keys: [first] });
    expect(await ask(await issuer.sign(first))).toEqual([200, undefined]);
    issuer.state.down = true;
    expect(await ask(await issuer.sign(second))).toEqual([503, "IDENTITY_UNAVAILABLE"]);
    expect(await ask(await issuer.sign(first))).toEqual([200, undefined]);
  });

  test("the issuer that is down at first is 503, and tokens count once it is back", async () => {
    const { key, issuer, server, ask } = await gatewayWithIssuer();
    issuer.state.down = true;
    expect(await ask(await issuer.sign(key))).toEqual([503, "IDENTITY_UNAVAILABLE"]);
    expect((await server.post("{ __typename }")).status).toBe(401);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    issuer.state.down = false;
    expect(await ask(await issuer.sign(key))).toEqual([200, undefined]);
  });

  test("the issuer that goes down later is not missed for known keys", async () => {
    const { key, issuer, ask } = await gatewayWithIssuer();
    expect(await ask(await issuer.sign(key))).toEqual([200, undefined]);
    issuer.state.down = true;
    expect(await ask(await issuer.sign(key))).toEqual([200, undefined]);
  });

  test("the issuer that calls itself otherwise is not ours", async () => {
    const { key, issuer, ask } = await gatewayWithIssuer();
    issuer.state.called = "https://evil.example";
    expect(await ask(await issuer.sign(key))).toEqual([503, "IDENTITY_UNAVAILABLE"]);
  });

  test("the issuer that is down is asked once a cool-down, however many tokens come, and known keys go on counting for hours", async () => {
    let now = Date.now();
    const { key, issuer, ask } = await gatewayWithIssuer({ cooldownMs: 60_000, now: () => now });
    expect(await ask(await issuer.sign(key))).toEqual([200, undefined]);
    issuer.state.down = true;
    now += 3 * 3_600_000;
    const asked = issuer.state.asked;
    for (let at = 0; at < 20; at++) {
      expect(await ask(await issuer.sign(key))).toEqual([200, undefined]);
      const unknown = await issuer.sign(key, {}, { kid: `unknown-${at}` });
      expect(await ask(unknown)).toEqual([503, "IDENTITY_UNAVAILABLE"]);
    }
    expect(issuer.state.asked - asked).toBe(1);
    now += 5_000;
    expect(await ask(await issuer.sign(key))).toEqual([200, undefined]);
    expect(issuer.state.asked - asked).toBe(2);
  });

  test("whose discovery fails is asked once a cool-down", async () => {
    let now = Date.now();
    const { key, issuer, ask } = await gatewayWithIssuer({ cooldownMs: 60_000, now: () => now });
    issuer.state.down = true;
    for (let at = 0; at < 20; at++)
      expect(await ask(await issuer.sign(key))).toEqual([503, "IDENTITY_UNAVAILABLE"]);
    expect(issuer.state.asked).toBe(1);
    issuer.state.down = false;
    now += 5_000;
    expect(await ask(await issuer.sign(key))).toEqual([200, undefined]);
  });

  test("is never asked for a token that does not say it is the issuer's", async () => {
    const { key, issuer, ask } = await gatewayWithIssuer();
    for (const token of ["a.b.c", await issuer.sign(key, { iss: "https://evil.example" })])
      expect(await ask(token)).toEqual([401, "UNAUTHENTICATED"]);
    expect(issuer.state.asked).toBe(0);
  });

  test("the issuer that withdraws a key is believed at the next fetch in the background", async () => {
    let now = Date.now();
    const [first, second] = [await newKey("first"), await newKey("second")];
    const { issuer, ask } = await gatewayWithIssuer({ keys: [first, second], cooldownMs: 0, now: () => now });
    expect(await ask(await issuer.sign(first))).toEqual([200, undefined]);
    issuer.state.keys = [second];
    now += 11 * 60_000;
    await eventually(async () => {
      expect(await ask(await issuer.sign(first))).toEqual([401, "UNAUTHENTICATED"]);
    });
  });
});
