import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, loadConfig, type Environment } from "../config.js";
import { printGraphSchema } from "../graph/print-schema.js";
import { PACKAGE_ROOT } from "../gateway/version.js";

/** Prints the schema as a composer needs it. It reads only the settings of federation, so that others may be wrong. */
export function printSubgraphSchema(
  environment: Environment,
  flags: Environment,
  print: (line: string) => void,
): void {
  const { federation, federationNames } = loadConfig(pickFederation(environment), pickFederation(flags));
  if (federation === "off") throw new ConfigError("FEDERATION is off, so there is no subgraph; leave it out");
  print(printGraphSchema(federation, federationNames).trimEnd());
}

function pickFederation(values: Environment): Environment {
  return Object.fromEntries(Object.entries(values).filter(([name]) => name.startsWith("FEDERATION")));
}

/** Prints the schema, writes it, or fails if the committed file differs from the schema in the code. */
export function printSchema(
  { write = false, check = false }: { readonly write?: unknown; readonly check?: unknown },
  print: (line: string) => void,
): void {
  const printed = printGraphSchema();
  const file = join(PACKAGE_ROOT, "schema.graphql");
  if (check === true && readFileSync(file, "utf8") !== printed) {
    throw new Error("schema.graphql is not what the code says; run `npm run schema` and commit the file");
  }
  if (write === true) writeFileSync(file, printed);
  else if (check !== true) print(printed.trimEnd());
}
