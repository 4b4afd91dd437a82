import { auditServer, serverAudits } from "graphql-http";
import { expect, test } from "vitest";
import { served } from "../running.js";

test("passes all 61 audits of GraphQL over HTTP", async () => {
  const server = await served();
  const url = `${server.url}/graphql`;
  expect(serverAudits({ url })).toHaveLength(61);

  const results = await auditServer({ url });

  const failed = results.filter((each) => each.status !== "ok");
  expect(failed.map((each) => `${each.id} ${each.name}: ${each.reason}`)).toEqual([]);
});
