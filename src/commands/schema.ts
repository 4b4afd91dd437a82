import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { printGraphSchema } from "../graph/print-schema.js";
import { PACKAGE_ROOT } from "../gateway/version.js";

/** Prints the schema, writes it, or fails if the committed file differs from what the code says. */
export function printSchema(
  { write = false, check = false }: { readonly write?: boolean; readonly check?: boolean },
  print: (line: string) => void,
): void {
  const printed = printGraphSchema();
  const file = join(PACKAGE_ROOT, "schema.graphql");
  if (check && readFileSync(file, "utf8") !== printed) {
    throw new Error("schema.graphql is not what the code says; run `npm run schema` and commit the file");
  }
  if (write) writeFileSync(file, printed);
  else if (!check) print(printed.trimEnd());
}
