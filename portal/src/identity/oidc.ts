import {
  fetchTokens,
  findEndpoints,
  readSignInSettings,
  SignInError,
  type Endpoints,
  type SignInSettings,
  type Tokens,
} from "./issuer.js";
import { createPkce, createRandomText } from "./pkce.js";
import { renewToken, writeToken } from "./session.js";

/** Where what must survive the way to the issuer and back is kept: in this tab only. */
const PENDING = "vnic-graph.sign-in";

/** A token is renewed so long before its end. */
const RENEW_EARLY_S = 30;

interface Pending {
  readonly state: string;
  readonly verifier: string;
  /** What the page showed. */
  readonly search: string;
}

/** Sends the browser to the issuer, which sends it back with a code (OAuth 2.0, authorization code flow with PKCE). */
export async function startSignIn(settings: SignInSettings): Promise<void> {
  // Browsers leave it out of pages that came over plain http from elsewhere.
  const { subtle } = crypto as { readonly subtle?: SubtleCrypto };
  if (subtle === undefined) throw new SignInError("Signing in needs https.");
  const { authorization } = await findEndpoints(settings);
  const { verifier, challenge } = await createPkce();
  const pending: Pending = { state: createRandomText(), verifier, search: dropAnswer(location.search) };
  sessionStorage.setItem(PENDING, JSON.stringify(pending));
  const url = new URL(authorization);
  for (const [name, value] of Object.entries({
    response_type: "code",
    client_id: settings.clientId,
    redirect_uri: formatRedirectUri(),
    scope: settings.scope,
    audience: settings.audience,
    state: pending.state,
    code_challenge: challenge,
    code_challenge_method: "S256",
  })) {
    url.searchParams.set(name, value);
  }
  location.assign(url);
}

/**
 * Ends what {@link startSignIn} began, if the browser has just come back from the issuer. It exchanges the code for the token,
 * and shows what was shown before. Returns why it did not work; `null`: it did, or the browser comes from elsewhere.
 */
export async function finishSignIn(): Promise<string | null> {
  const settings = readSignInSettings();
  const given = new URLSearchParams(location.search);
  const pending = takePending();
  if (settings === null || given.get("state") === null) return null;
  history.replaceState(null, "", `./${pending?.search ?? dropAnswer(location.search)}`);
  if (pending === null) return null;
  try {
    await redeem(settings, pending, given);
  } catch (error) {
    return error instanceof SignInError ? error.message : "Signing in did not work.";
  }
  // GraphiQL takes the token from where this page has put it.
  if (new URLSearchParams(pending.search).get("next") === "graphiql") location.replace("./graphiql");
  return null;
}

async function redeem(settings: SignInSettings, pending: Pending, given: URLSearchParams): Promise<void> {
  if (given.get("state") !== pending.state)
    throw new SignInError("The answer is not to this page's question.");
  const issuer = given.get("iss");
  if (issuer !== null && issuer !== settings.issuer)
    throw new SignInError("Another identity provider answered.");
  const code = given.get("code");
  if (code === null)
    throw new SignInError(`The identity provider refused: ${given.get("error") ?? "no code"}.`);
  const endpoints = await findEndpoints(settings);
  const tokens = await fetchTokens(endpoints, settings, {
    grant_type: "authorization_code",
    code,
    redirect_uri: formatRedirectUri(),
    code_verifier: pending.verifier,
  });
  writeToken(tokens.accessToken);
  renewInTime(endpoints, settings, tokens);
}

/** Renews a token shortly before it ends. The refresh token is in memory only: a page that is loaded again signs in again. */
function renewInTime(endpoints: Endpoints, settings: SignInSettings, tokens: Tokens): void {
  const { accessToken, expiresInS, refreshToken } = tokens;
  if (expiresInS === null || refreshToken === null) return;
  const renew = async (): Promise<void> => {
    const grant = { grant_type: "refresh_token", refresh_token: refreshToken };
    const next = await fetchTokens(endpoints, settings, grant);
    // Whoever has signed out, or in as somebody else, meanwhile stays so.
    if (!renewToken(accessToken, next.accessToken)) return;
    renewInTime(endpoints, settings, { ...next, refreshToken: next.refreshToken ?? refreshToken });
  };
  setTimeout(
    () => {
      // A token that is not renewed ends, and then the page asks to sign in.
      renew().catch(() => undefined);
    },
    Math.max(1, expiresInS - RENEW_EARLY_S) * 1_000,
  );
}

/** Drops what issuers add to the address. */
function dropAnswer(search: string): string {
  const parameters = new URLSearchParams(search);
  for (const name of ANSWER) parameters.delete(name);
  return parameters.size === 0 ? "" : `?${parameters.toString()}`;
}

const ANSWER = ["code", "state", "iss", "session_state", "error", "error_description", "error_uri"];

function takePending(): Pending | null {
  const text = sessionStorage.getItem(PENDING);
  sessionStorage.removeItem(PENDING);
  return text === null ? null : (JSON.parse(text) as Pending);
}

/** The portal's own address, without what it shows: the one that the issuer has to know. */
function formatRedirectUri(): string {
  return new URL("./", document.baseURI).href;
}
