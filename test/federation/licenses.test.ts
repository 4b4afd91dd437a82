import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

interface Locked {
  readonly dev?: boolean;
  readonly license?: string;
}

test("no package that ships is under the Elastic License; Apollo's composer and gateway are for tests alone", () => {
  const { packages } = JSON.parse(
    readFileSync(new URL("../../package-lock.json", import.meta.url), "utf8"),
  ) as { packages: Record<string, Locked> };
  const elastic = Object.entries(packages).filter(([, { license }]) => license?.includes("Elastic") === true);
  expect(elastic.map(([path]) => path)).toContain("node_modules/@apollo/gateway");
  expect(elastic.filter(([, { dev }]) => dev !== true)).toEqual([]);
});
