import { readHeaders } from "./fault.js";
import { wrapToken } from "../model/wrapped-token.js";
import type { FastifyContextConfig, FastifyInstance, FastifyReply } from "fastify";

/** What the login needs; it does not know identity itself. */
export interface LoginOptions {
  /** Rejects, with a `status`, if this Authorization header identifies nobody. */
  readonly identify: (authorization: string) => Promise<void>;
  /** `false`: everybody is let in, whatever they send. */
  readonly isRequired: boolean;
  /** The configuration of these routes. Their clients are not identified yet. */
  readonly routeConfig?: FastifyContextConfig;
}

/**
 * Serves oVirt's single sign-on as far as its clients need it. They send a name and a password, and want a bearer token
 * for it.
 * 1. The password must be a bearer token. It is checked and given back, wrapped; the name does not matter.
 * 2. Nothing is stored, so logging out has no effect: tokens end in the token file, or at their issuer.
 */
export function registerLogin(app: FastifyInstance, options: LoginOptions, done: () => void): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string", bodyLimit: MAX_BODY_BYTES },
    (_request, body, parsed) => {
      parsed(null, new URLSearchParams(String(body)));
    },
  );
  app.addHook("onRequest", (_request, reply, next) => {
    reply.headers({ "cache-control": "no-store", pragma: "no-cache" });
    next();
  });
  app.setErrorHandler((error, _request, reply) => sendOAuthError(reply, toOAuthError(error)));
  const config = options.routeConfig ?? {};
  for (const url of TOKEN_PATHS) {
    app.post(url, { config }, async (request, reply) => {
      const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
      const token = await exchange(form, options);
      return reply.type(JSON_TYPE).send({
        access_token: token,
        token_type: "bearer",
        scope: form.get("scope")?.slice(0, 200) ?? "ovirt-app-api",
      });
    });
  }
  for (const url of LOGOUT_PATHS) {
    app.post(url, { config }, (_request, reply) => reply.type(JSON_TYPE).send({}));
  }
  for (const url of [...TOKEN_PATHS, ...LOGOUT_PATHS]) {
    app.route({
      method: ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"],
      url,
      config: { ...config, refusesMethods: true },
      handler: (_request, reply) => {
        reply.header("allow", "POST");
        // A password in a URL would be in the logs of all proxies.
        return sendOAuthError(reply, { status: 405, code: "invalid_request", message: "Use POST." });
      },
    });
  }
  done();
}

const TOKEN_PATHS = ["/ovirt-engine/sso/oauth/token", "/ovirt-engine/sso/oauth/token-http-auth"];
const LOGOUT_PATHS = ["/ovirt-engine/services/sso-logout", "/ovirt-engine/sso/oauth/revoke"];

const JSON_TYPE = "application/json; charset=utf-8";

/** Tokens of OpenID Connect issuers have a few thousand characters. */
const MAX_BODY_BYTES = 64 * 1024;

/** The token that clients get if no token is needed. */
const NO_TOKEN_NEEDED = "anybody";

interface OAuthError {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A login that is refused. The audit line shows the code of the extensions. */
class LoginError extends Error {
  override readonly name = "LoginError";
  readonly extensions: { readonly code: string };

  constructor(
    readonly code: "access_denied" | "unsupported_grant_type",
    message: string,
  ) {
    super(message);
    this.extensions = { code: code === "access_denied" ? "UNAUTHENTICATED" : "BAD_REQUEST" };
  }
}

/** Exchanges the form of a login for a token. */
async function exchange(form: URLSearchParams, { identify, isRequired }: LoginOptions): Promise<string> {
  if (form.get("grant_type") !== "password") {
    throw new LoginError("unsupported_grant_type", "Use the grant type password, with a bearer token as it.");
  }
  if (!isRequired) return NO_TOKEN_NEEDED;
  const password = form.get("password") ?? "";
  // Text that is no token must not get into a header.
  if (!/^[A-Za-z0-9._~+/=-]+$/.test(password)) throw createAccessDeniedError();
  try {
    await identify(`Bearer ${password}`);
  } catch (error) {
    if (error instanceof Error && "status" in error && error.status === 401) throw createAccessDeniedError();
    throw error;
  }
  return wrapToken(password);
}

function createAccessDeniedError(): LoginError {
  return new LoginError("access_denied", "The password is no bearer token that is valid here.");
}

function toOAuthError(error: unknown): OAuthError {
  if (error instanceof LoginError) return { status: 400, code: error.code, message: error.message };
  const status = readNumber(error, "status") ?? readNumber(error, "statusCode") ?? 500;
  if (!(error instanceof Error)) return INTERNAL;
  const headers = readHeaders(error);
  if (status === 503 || status === 504) {
    const [code, later] = ["temporarily_unavailable", { "retry-after": "5", ...headers }];
    return { status, code, message: error.message, headers: later };
  }
  if (status >= 500 && !UNSPOKEN.has(status)) return INTERNAL;
  const isFramework = "code" in error && String(error.code).startsWith("FST_");
  return {
    status,
    code: "invalid_request",
    message: isFramework ? "Send a form (application/x-www-form-urlencoded)." : error.message,
    headers,
  };
}

const INTERNAL: OAuthError = { status: 500, code: "server_error", message: "Internal error." };

/** The statuses from 500 on that are the client's fault: a transfer encoding and a version of HTTP that are not spoken here. */
const UNSPOKEN: ReadonlySet<number> = new Set([501, 505]);

function readNumber(error: unknown, name: string): number | null {
  if (typeof error !== "object" || error === null) return null;
  const value: unknown = Reflect.get(error, name);
  return typeof value === "number" ? value : null;
}

/** Sends the error in OAuth's form, and in that of oVirt's older clients, which look for `error_code`. */
function sendOAuthError(
  reply: FastifyReply,
  { status, code, message, headers = {} }: OAuthError,
): FastifyReply {
  return reply
    .code(status)
    .headers(headers)
    .type(JSON_TYPE)
    .send({ error: code, error_code: code, error_description: message });
}
