import { createLocalJWKSet, errors, type JWTVerifyGetKey } from "jose";
import type { Logger } from "pino";
import * as z from "zod";

/** Says which issuer's keys are fetched, and how often at most. */
export interface IssuerKeysOptions {
  readonly issuer: string;
  /** How long the issuer may take to answer. */
  readonly timeoutMs: number;
  /** Least time between two fetches that succeed. */
  readonly cooldownMs: number;
  /** Least time between a fetch that fails and the next one. */
  readonly failureCooldownMs: number;
  /** Age at which known keys are fetched again in the background, so that a withdrawn key is noticed. */
  readonly maxAgeMs: number;
  readonly log: Pick<Logger, "warn" | "info"> | null;
  readonly now: () => number;
}

/** The keys that an issuer gave at one time. */
export interface KeySet {
  /** Finds the key that a token names, or keys without a name if none has that one. A token without a name may fit any key. */
  readonly findKey: JWTVerifyGetKey;
  /** Tells whether a key has this name, so that no other key can fit. */
  hasName(name: string | undefined): boolean;
}

/** The keys of an OpenID Connect issuer. Known keys stay known while the issuer cannot be asked. */
export interface IssuerKeys {
  /**
   * Returns the known keys, or fetches them if none are known. Old keys are returned, and fetched again in the
   * background. Throws an {@link IssuerUnavailableError} if none are known and the issuer does not answer.
   */
  find(): Promise<KeySet>;
  /**
   * Fetches the keys again, because none of the known ones fits a token. `null`: they were fetched a moment ago, so the key
   * does not exist. Throws an {@link IssuerUnavailableError} if the issuer does not answer.
   */
  findNewer(): Promise<KeySet | null>;
}

/** The issuer does not answer, so it cannot be decided whether a token is valid. */
export class IssuerUnavailableError extends Error {
  override readonly name = "IssuerUnavailableError";
}

/**
 * Creates the keys of an issuer. They are fetched when first needed, by one fetch at a time, however many requests
 * wait. After a fetch, a cool-down passes before the next one, so that bad tokens cannot make this process flood the
 * issuer.
 */
export function createIssuerKeys(options: IssuerKeysOptions): IssuerKeys {
  const { cooldownMs, failureCooldownMs, maxAgeMs, log, now } = options;
  let known: KeySet | null = null;
  let fetchedAtMs = Number.NEGATIVE_INFINITY;
  let failure: { readonly error: IssuerUnavailableError; readonly atMs: number } | null = null;
  let running: Promise<KeySet> | null = null;

  const fetchNow = async (): Promise<KeySet> => {
    try {
      known = await fetchKeys(options);
      fetchedAtMs = now();
      if (failure !== null) log?.info({ issuer: options.issuer }, "the identity provider answers again");
      failure = null;
      return known;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      if (failure === null)
        log?.warn({ issuer: options.issuer, reason }, "the identity provider does not answer");
      const error = new IssuerUnavailableError(`issuer ${options.issuer}: ${reason}`, { cause });
      failure = { error, atMs: now() };
      throw error;
    } finally {
      running = null;
    }
  };
  const fetchOnce = () => (running ??= fetchNow());
  const refuseSoonAfterFailure = () => {
    if (running === null && failure !== null && now() - failure.atMs < failureCooldownMs) throw failure.error;
  };

  return {
    async find() {
      if (known === null) {
        refuseSoonAfterFailure();
        return fetchOnce();
      }
      const isDue =
        now() - fetchedAtMs >= maxAgeMs && now() - (failure?.atMs ?? -Infinity) >= failureCooldownMs;
      // This request uses the known keys; later ones see whether the fetch succeeded.
      if (isDue) fetchOnce().catch(() => undefined);
      return known;
    },
    async findNewer() {
      refuseSoonAfterFailure();
      if (running === null && now() - fetchedAtMs < cooldownMs) return null;
      return fetchOnce();
    },
  };
}

async function fetchKeys({ issuer, timeoutMs }: IssuerKeysOptions): Promise<KeySet> {
  const signal = AbortSignal.timeout(timeoutMs);
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const found = discovery.parse(await fetchJson(url, signal));
  if (found.issuer !== issuer)
    throw new Error(`the issuer calls itself otherwise: ${found.issuer.slice(0, 200)}`);
  if (issuer.startsWith("https:") && !found.jwks_uri.startsWith("https:"))
    throw new Error("the issuer's keys are not served by https");
  return createKeySet(keySet.parse(await fetchJson(found.jwks_uri, signal)));
}

function createKeySet(set: z.infer<typeof keySet>): KeySet {
  const isNameless = (key: Readonly<Record<string, unknown>>) => typeof key["kid"] !== "string";
  const names = new Set(set.keys.filter((key) => !isNameless(key)).map(({ kid }) => kid));
  const all = createLocalJWKSet(set);
  const nameless = createLocalJWKSet({ keys: set.keys.filter(isNameless) });
  return {
    hasName: (name) => name !== undefined && names.has(name),
    findKey: async (header, token) => {
      try {
        return await all(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        return nameless({ alg: header.alg });
      }
    },
  };
}

/** Fetches a JSON document of bounded size. It refuses redirects, since they lead to a server that was not configured. */
async function fetchJson(url: string, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(url, { signal, redirect: "error" });
  if (!response.ok || response.body === null) {
    await response.body?.cancel();
    throw new Error(`${url} answers ${response.status}`);
  }
  const reader = response.body.getReader();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return JSON.parse(Buffer.concat(chunks).toString("utf8"));
    bytes += value.byteLength;
    if (bytes > MAX_DOCUMENT_BYTES) {
      await reader.cancel();
      throw new Error(`${url} answers more than ${MAX_DOCUMENT_BYTES} bytes`);
    }
    chunks.push(value);
  }
}

const MAX_DOCUMENT_BYTES = 1_048_576;

const discovery = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) });

const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(1_000) });
