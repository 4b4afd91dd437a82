import { execute, parse, validate, type ExecutionResult, type GraphQLError } from "graphql";
import type { GraphContext, HostAdmin } from "../../../src/graph/context.js";
import type { Role } from "../../../src/model/roles.js";
import { buildGraphSchema, type Federation } from "../../../src/graph/schema.js";
import { createLoaders } from "../../../src/loaders/loaders.js";
import { nameValues } from "../../../src/server/graphql/name-values.js";
import type { ReadStore } from "../../../src/store/types.js";

export interface Asking {
  readonly federation?: Federation;
  readonly roles?: readonly Role[];
  readonly hostAdmin?: HostAdmin;
  readonly variables?: Record<string, unknown>;
}

export const ALL_ROLES: readonly Role[] = ["reader", "operator", "router", "metrics"];

const schemas = new Map<Federation, ReturnType<typeof buildGraphSchema>>();

/** Executes one operation against the store as one request would, validation included. */
export async function ask(store: ReadStore, query: string, asking: Asking = {}): Promise<ExecutionResult> {
  const schema = getSchema(asking.federation ?? "off");
  const document = parse(query);
  const errors = validate(schema, document);
  // As the server does before it answers.
  nameValues(document, errors);
  if (errors.length > 0) return { errors };
  const contextValue: GraphContext = {
    loaders: createLoaders(store),
    viewer: { name: "test", roles: new Set(asking.roles ?? ALL_ROLES) },
    followGuests: null,
    followHosts: null,
    hostAdmin: asking.hostAdmin ?? null,
  };
  return execute({ schema, document, contextValue, variableValues: asking.variables ?? {} });
}

/** Executes and returns the data as JSON would carry it; fails on any error. */
export async function askForData(store: ReadStore, query: string, asking: Asking = {}): Promise<unknown> {
  const { data, errors } = await ask(store, query, asking);
  if (errors !== undefined) throw new Error(errors.map((error) => error.message).join("\n"));
  return JSON.parse(JSON.stringify(data));
}

/** Executes and returns `code: message` of each error. */
export async function askForErrors(store: ReadStore, query: string, asking: Asking = {}): Promise<string[]> {
  const { errors } = await ask(store, query, asking);
  return (errors ?? []).map((error) => `${readCode(error)}: ${error.message}`);
}

export function getSchema(federation: Federation) {
  const known = schemas.get(federation) ?? buildGraphSchema({ federation });
  schemas.set(federation, known);
  return known;
}

function readCode(error: GraphQLError): string {
  const code = error.extensions["code"];
  return typeof code === "string" ? code : "none";
}
