import { expect, onTestFinished, test, vi } from "vitest";
import { gatewayWithIssuer, newKey, nowS } from "./issuer.js";

/** The token names no key. */
const NAMELESS = { kid: undefined };
const REFUSED = [401, "UNAUTHENTICATED"];

test.each([
  ["with names", false],
  ["without names", true],
])(
  "an issuer may have several keys of one kind %s, and tokens that name none of them",
  async (_title, isNameless) => {
    const keys = [await newKey("first"), await newKey("second"), await newKey("third")];
    if (isNameless) for (const { jwk } of keys) delete jwk.kid;
    const { issuer, ask } = await gatewayWithIssuer({ keys, cooldownMs: 60_000 });
    for (const key of keys) expect((await ask(await issuer.sign(key, {}, NAMELESS)))[0]).toBe(200);
    const forged = await issuer.sign(await newKey("first"), {}, NAMELESS);
    expect(await ask(forged)).toEqual(REFUSED);
    expect(await ask(await issuer.sign(keys[2]!, { exp: 1 }, NAMELESS))).toEqual(REFUSED);
  },
);

test("a key without a name fits tokens whose key's name no other has, and a name that is known fits its key alone", async () => {
  const [named, nameless] = [await newKey("first"), await newKey("other")];
  delete nameless.jwk.kid;
  const { issuer, ask } = await gatewayWithIssuer({ keys: [named, nameless], cooldownMs: 60_000 });
  expect((await ask(await issuer.sign(nameless)))[0]).toBe(200);
  expect((await ask(await issuer.sign(named)))[0]).toBe(200);
  expect(await ask(await issuer.sign(nameless, {}, { kid: "first" }))).toEqual(REFUSED);
});

test("keys are fetched again when those that are known fit no token without a name, as after a rotation", async () => {
  const [first, second] = [await newKey("first"), await newKey("second")];
  const { issuer, ask } = await gatewayWithIssuer({ keys: [first] });
  expect((await ask(await issuer.sign(first, {}, NAMELESS)))[0]).toBe(200);
  issuer.state.keys = [second];
  expect((await ask(await issuer.sign(second, {}, NAMELESS)))[0]).toBe(200);
  expect(await ask(await issuer.sign(first, {}, NAMELESS))).toEqual(REFUSED);
});

test("no more than sixteen keys are tried for a token", async () => {
  const keys = await Promise.all(Array.from({ length: 18 }, (_, at) => newKey(`key-${at}`)));
  const { issuer, ask } = await gatewayWithIssuer({ keys, cooldownMs: 60_000 });
  expect((await ask(await issuer.sign(keys[15]!, {}, NAMELESS)))[0]).toBe(200);
  expect(await ask(await issuer.sign(keys[16]!, {}, NAMELESS))).toEqual(REFUSED);
  expect((await ask(await issuer.sign(keys[17]!)))[0]).toBe(200);
});

test("a clock that is set back by a day delays no fetch of keys", async () => {
  const [first, second] = [await newKey("first"), await newKey("second")];
  let aheadMs = 86_400_000;
  vi.spyOn(Date, "now").mockImplementation(() => performance.timeOrigin + performance.now() + aheadMs);
  onTestFinished(() => {
    vi.restoreAllMocks();
  });
  const { issuer, ask } = await gatewayWithIssuer({ keys: [first], cooldownMs: 50 });
  expect((await ask(await issuer.sign(first, { exp: nowS() + 86_700 })))[0]).toBe(200);
  aheadMs = 0;
  issuer.state.keys = [second];
  const token = await issuer.sign(second, { exp: nowS() + 86_700 });
  await expect.poll(async () => (await ask(token))[0]).toBe(200);
});
