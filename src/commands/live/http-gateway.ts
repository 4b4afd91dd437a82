import { request as requestHttp, type IncomingMessage } from "node:http";
import { request as requestHttps } from "node:https";
import { GraphQLError, type GraphQLFormattedError } from "graphql";
import { isUuid } from "../../model/uuid.js";
import { readEvents } from "./event-source.js";
import type { GatewayAccess } from "./gateway-access.js";
import { GatewayRefusedError } from "./gateway-refused-error.js";
import type { Asked, LiveGateway } from "./live-gateway.js";
import { GatewayAwayError } from "./outage.js";

/** Creates the access to changes at a running gateway, by server-sent events. It sees what its token may see. */
export function createHttpGateway(access: GatewayAccess): LiveGateway {
  return {
    subscribe: (asked, opening) => subscribe(access, asked, opening),
    findVmIds: async (name, signal) => {
      const response = await send(access, { path: "graphql", accept: JSON_TYPE, signal }, BY_NAME(name));
      return readIds(readData(await readText(response, LONGEST_ANSWER)));
    },
  };
}

async function* subscribe<Data>(
  access: GatewayAccess,
  asked: Asked,
  { onOpen, signal }: { readonly onOpen: () => void; readonly signal: AbortSignal },
): AsyncGenerator<Data, void, undefined> {
  const response = await send(access, { path: "graphql/stream", accept: EVENT_TYPE, signal }, asked);
  onOpen();
  try {
    for await (const { event, data } of readEvents(readChunks(response, access.url.host))) {
      if (event === "complete") return;
      if (event === "next") yield readData(data) as Data;
    }
  } finally {
    response.destroy();
  }
  throw new Error(`${access.url.host} ended the stream`);
}

async function* readChunks(response: IncomingMessage, host: string): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield* response as AsyncIterable<Buffer>;
  } catch (cause) {
    throw new Error(`${host} broke the connection`, { cause });
  }
}

/** Sends a question. Resolves with an answer that is no refusal. It never waits without an end. */
async function send(
  { url, readToken, ca }: GatewayAccess,
  { path, accept, signal }: { readonly path: string; readonly accept: string; readonly signal: AbortSignal },
  asked: Asked,
): Promise<IncomingMessage> {
  const token = readToken();
  const headers = {
    accept,
    "content-type": JSON_TYPE,
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
  };
  const options = { method: "POST", headers, agent: false, signal, timeout: SILENCE_MS };
  const target = new URL(path, url);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent =
      url.protocol === "https:"
        ? requestHttps(target, { ...options, ...(ca === null ? {} : { ca }) }, resolve)
        : requestHttp(target, options, resolve);
    // A gateway sends a comment every ten seconds. If nothing comes for longer, the gateway is gone.
    sent.on("timeout", () => {
      sent.destroy(new GatewayAwayError(`${url.host} sent nothing for ${SILENCE_MS / 1_000} s`));
    });
    sent.on("error", reject);
    sent.end(JSON.stringify(asked));
  });
  const { statusCode = 0 } = response;
  if (statusCode === 200 && response.headers["content-type"]?.startsWith(accept) === true) return response;
  const text = await readText(response, LONGEST_REFUSAL).catch(() => "");
  const said =
    findMessage(text) ?? `no answer of a gateway, ${response.headers["content-type"] ?? "of no type"}`;
  const message = `${target.href} answers with ${statusCode}: ${said}`;
  if (statusCode === 429 || statusCode >= 500) throw new GatewayAwayError(message);
  throw new GatewayRefusedError(message);
}

/** An answer of the graph. */
interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly GraphQLFormattedError[];
}

/** Reads the data of an answer. If it is no answer of the graph, the next one would not be either, so that is a refusal. */
function readData(text: string): object {
  const { data, errors } = parseAnswer(text);
  const error = Array.isArray(errors) ? (errors as readonly (GraphQLFormattedError | null)[])[0] : null;
  if (error != null) throw new GraphQLError(error.message, { extensions: { ...error.extensions } });
  if (typeof data !== "object" || data === null)
    throw new GatewayRefusedError("the gateway's answer has no data");
  return data;
}

function parseAnswer(text: string): Answer {
  try {
    const answer: unknown = JSON.parse(text);
    if (typeof answer === "object" && answer !== null) return answer;
  } catch {
    // Its text may be anything, so the message does not quote it.
  }
  throw new GatewayRefusedError("the gateway's answer is no JSON object");
}

function readIds({ vms }: FoundVms): string[] {
  const nodes = Array.isArray(vms?.nodes)
    ? (vms.nodes as readonly ({ readonly id?: unknown } | null)[])
    : null;
  const ids = nodes?.map((node) => node?.id);
  if (ids?.every((id) => typeof id === "string" && isUuid(id)) === true) return ids as string[];
  throw new GatewayRefusedError("the gateway's answer holds no VMs");
}

function findMessage(text: string): string | null {
  try {
    const { errors } = JSON.parse(text) as Answer;
    return errors?.[0]?.message ?? null;
  } catch {
    return null;
  }
}

async function readText(response: IncomingMessage, longest: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    if ((length += chunk.length) > longest) throw new Error("the gateway's answer is too long");
  }
  return Buffer.concat(chunks).toString();
}

interface FoundVms {
  readonly vms?: { readonly nodes?: unknown } | null;
}

const BY_NAME = (name: string): Asked => ({
  query: "query ($name: String!) { vms(first: 20, filter: { name: { eq: $name } }) { nodes { id } } }",
  variables: { name },
});

const JSON_TYPE = "application/json";
const EVENT_TYPE = "text/event-stream";
const SILENCE_MS = 30_000;
const LONGEST_ANSWER = 1_000_000;
const LONGEST_REFUSAL = 100_000;
