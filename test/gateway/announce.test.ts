import { expect, test } from "vitest";
import { loadConfig } from "../../src/config.js";
import { announceStart } from "../../src/gateway/announce.js";

test.each([
  ["/", "http://127.0.0.1:4000"],
  ["/vnic", "http://127.0.0.1:4000/vnic"],
])("the first lines show addresses below BASE_PATH=%s", (basePath, base) => {
  const lines: string[] = [];
  announceStart(loadConfig({ BASE_PATH: basePath }), "http://127.0.0.1:4000", (line) => lines.push(line));
  expect(lines.slice(-2)).toEqual([
    `Portal: ${base}/`,
    `GraphiQL: ${base}/graphiql  GraphQL: ${base}/graphql`,
  ]);
});
