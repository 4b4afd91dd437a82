/** The issuer at which people sign in, and the public client that the pages are there. */
export interface SignInSettings {
  readonly issuer: string;
  readonly audience: string;
  readonly clientId: string;
  readonly scope: string;
}

/** The endpoints that an issuer names. */
export interface Endpoints {
  readonly authorization: string;
  readonly token: string;
}

/** The tokens that an issuer gives for a code, or for a refresh token. */
export interface Tokens {
  readonly accessToken: string;
  readonly expiresInS: number | null;
  readonly refreshToken: string | null;
}

/** Signing in failed. The message says why, for people. */
export class SignInError extends Error {
  override readonly name = "SignInError";
}

/** Reads the settings that the server wrote into the page; `null`: no issuer is set. */
export function readSignInSettings(): SignInSettings | null {
  const content = document.querySelector('meta[name="vnic-graph-sign-in"]')?.getAttribute("content");
  return content == null ? null : (JSON.parse(content) as SignInSettings);
}

/** Asks the issuer for its endpoints. */
export async function findEndpoints({ issuer }: SignInSettings): Promise<Endpoints> {
  const found = await askIssuer(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`);
  const { issuer: name, authorization_endpoint: authorization, token_endpoint: token } = found;
  if (name !== issuer) throw new SignInError("The identity provider calls itself by another name.");
  if (typeof authorization !== "string" || typeof token !== "string") {
    throw new SignInError("The identity provider does not say where to sign in.");
  }
  return { authorization, token };
}

/** Asks the issuer for tokens, as a public client: by a code and its proof, or by a refresh token. */
export async function fetchTokens(
  { token }: Endpoints,
  { clientId }: SignInSettings,
  grant: Readonly<Record<string, string>>,
): Promise<Tokens> {
  const body = new URLSearchParams({ ...grant, client_id: clientId });
  const answer = await askIssuer(token, { method: "POST", body });
  const { access_token: accessToken, expires_in: expiresInS, refresh_token: refreshToken } = answer;
  if (typeof accessToken !== "string") throw new SignInError("The identity provider gave no access token.");
  return {
    accessToken,
    expiresInS: typeof expiresInS === "number" ? expiresInS : null,
    refreshToken: typeof refreshToken === "string" ? refreshToken : null,
  };
}

async function askIssuer(url: string, request: RequestInit = {}): Promise<Record<string, unknown>> {
  let answer: Response;
  try {
    answer = await fetch(url, { ...request, redirect: "error", credentials: "omit" });
  } catch (error) {
    const message = "The identity provider does not answer, or does not let this page ask (CORS).";
    throw new SignInError(message, { cause: error });
  }
  if (!answer.ok) throw new SignInError(`The identity provider refused (${answer.status}).`);
  return (await answer.json()) as Record<string, unknown>;
}
