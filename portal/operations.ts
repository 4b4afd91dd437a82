import { createHash } from "node:crypto";
import { getOperationName, stringifyDocument } from "@urql/core";
import { OPERATIONS } from "./src/api/operations.js";

/** The portal's operations as the build needs them. */
export interface OperationList {
  /** SHA-256 by name: the page sends the hash alone. */
  readonly hashes: Readonly<Record<string, string>>;
  /** Texts by SHA-256: for servers that run listed operations only. */
  readonly texts: Readonly<Record<string, string>>;
}

/** Lists every operation that the portal sends, as it sends it. */
export function listOperations(): OperationList {
  const hashes: Record<string, string> = {};
  const texts: Record<string, string> = {};
  for (const document of OPERATIONS) {
    const text = stringifyDocument(document);
    const hash = createHash("sha256").update(text).digest("hex");
    const name = getOperationName(document);
    if (name === undefined) throw new Error("an operation of the portal has no name; every one needs one");
    hashes[name] = hash;
    texts[hash] = text;
  }
  return { hashes, texts };
}
