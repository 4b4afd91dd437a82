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

/** The key in the session storage for what is needed after the return from the issuer. Only this tab has it. */
const PENDING = "vnic-graph.sign-in";

/** The time before a token's end at which it is renewed. */
const RENEW_EARLY_S = 30;

interface Pending {
  readonly state: string;
  readonly verifier: string;
  /** The search part of the page's address. */
  readonly search: string;
}

/** Sends the browser to the issuer, which sends it back with a code (OAuth 2.0, authorization code flow with PKCE). */
export async function startSignIn(settings: SignInSettings): Promise<void> {
  // Browsers do not offer it to pages that came over plain http from another machine.
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
 * Completes what {@link startSignIn} began, if the browser has just come back from the issuer. It exchanges the code
 * for the token, and restores the view. Returns why it failed; `null`: it worked, or the browser does not come from the
 * issuer.
 */
export async function finishSignIn(): Promise<string | null> {
  const settings = readSignInSettings();
  const given = new URLSearchParams(location.search);
  const pending = takePending();
  if (settings === null || given.get("state") === null) return null;
  history.replaceState(null, "", `./${pending?.search ?? dropAnswer(location.search)}`);
  if (pending === null) return null;
  try {
    await redeemCode(settings, pending, given);
  } catch (error) {
    return error instanceof SignInError ? error.message : "Signing in did not work.";
  }
  // GraphiQL reads the token from the session storage, where this page has put it.
  if (new URLSearchParams(pending.search).get("next") === "graphiql") location.replace("./graphiql");
  return null;
}

async function redeemCode(settings: SignInSettings, pending: Pending, given: URLSearchParams): Promise<void> {
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

/**
 * Renews a token shortly before its end. The refresh token is only in memory, so a page that is loaded again signs in
 * again.
 */
function renewInTime(endpoints: Endpoints, settings: SignInSettings, tokens: Tokens): void {
  const { accessToken, expiresInS, refreshToken } = tokens;
  if (expiresInS === null || refreshToken === null) return;
  const renew = async (): Promise<void> => {
    const grant = { grant_type: "refresh_token", refresh_token: refreshToken };
    const next = await fetchTokens(endpoints, settings, grant);
    // If the person has signed out, or in as somebody else, that stays.
    if (!renewToken(accessToken, next.accessToken)) return;
    renewInTime(endpoints, settings, { ...next, refreshToken: next.refreshToken ?? refreshToken });
  };
  setTimeout(
    () => {
      // If a token is not renewed it expires, and then the page asks to sign in.
      renew().catch(() => undefined);
    },
    Math.max(1, expiresInS - RENEW_EARLY_S) * 1_000,
  );
}

/** Removes the parameters that issuers add to the address. */
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

/** Formats the portal's own address without its view. The issuer must have it registered. */
function formatRedirectUri(): string {
  return new URL("./", document.baseURI).href;
}
