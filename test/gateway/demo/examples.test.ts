import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../support/eventually.js";
import { ROOT } from "../../support/documents/markdown.js";
import {
  startGatewayProcess,
  temporaryFolder,
  type RunningGateway,
} from "../../support/processes/gateway.js";

const FOLDER = join(ROOT, "portal/examples");
const EXAMPLES = readdirSync(FOLDER).filter((name) => name.endsWith(".graphql"));

describe("the demo", () => {
  const data = temporaryFolder();
  let gateway: RunningGateway;

  beforeAll(async () => {
    gateway = await startGatewayProcess({ DATA_DIR: data.path, REFRESH_INTERVAL: "1s" });
  });
  afterAll(async () => {
    await gateway.stop();
    data.remove();
  });

  test.each(EXAMPLES)("shows something by GraphiQL's example %s, in each of its lists", async (name) => {
    const query = readFileSync(join(FOLDER, name), "utf8");
    await eventually(async () => {
      const { data: answer, text } = await gateway.ask(null, query);
      expect(text).not.toContain('"errors"');
      const fields = Object.entries(answer ?? {});
      expect(fields).not.toEqual([]);
      expect(fields.filter(([, value]) => !isFilled(value)).map(([field]) => field)).toEqual([]);
    });
  });
});

/** Tells whether an answer has rows. Of an object with several lists, as `find` gives, one of them is enough. */
function isFilled(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value !== "object" || value === null) return false;
  const { nodes, rows } = value as { nodes?: unknown; rows?: unknown };
  if (nodes !== undefined || rows !== undefined) return isFilled(nodes ?? rows);
  const inner = Object.values(value).filter((each) => typeof each === "object");
  return inner.length === 0 || inner.some(isFilled);
}
