import { existsSync, readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { DEFAULT_LIMITS, type Limits } from "../../src/model/limits.js";
import { HOSTILE_REQUESTS } from "../server/hostile/hostile-requests.js";
import { readAnswer, served, until } from "../server/running.js";

const root = resolve(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(resolve(root, path), "utf8");
const page = read("docs/security.md");

/** The rows of limits: a name and a number. */
const LIMIT_ROWS = parseRows(page).filter(
  ([name, value]) => /^`[A-Za-z]+`$/.test(name ?? "") && /^\d+$/.test(value ?? ""),
);

/** One request that all of these limits refuse if they are this small, and none by default. */
const SMALL: Partial<Limits> = {
  bodyBytes: 10,
  bufferedBytes: 10,
  jsonDepth: 1,
  documentCharacters: 10,
  tokens: 10,
  bracketDepth: 1,
  depth: 1,
  aliases: 1,
  directives: 1,
  rootFields: 1,
  fields: 1,
  operations: 1,
  cost: 1,
};
const REQUEST = {
  query:
    "query A { a: vm(id: 1) @skip(if: false) { b: name @include(if: true) id } __typename } query B { __typename }",
  operationName: "A",
  variables: {},
};

describe("the limits in docs/security.md", () => {
  test("are all that there are, with their defaults", () => {
    const told = LIMIT_ROWS.map(([name, value]) => [name?.replaceAll("`", ""), Number(value)]);
    expect(Object.fromEntries(told)).toEqual(DEFAULT_LIMITS);
  });

  test.each(Object.entries(SMALL))("%s refuses as it says", async (name, limit) => {
    const [status, code] = refusalTold(name);
    const server = await served({ limits: { [name]: limit } });
    expect(await findRefusal(server.url)).toEqual([status, code]);
  });

  test("refuse nothing of that request by default", async () => {
    expect(await findRefusal((await served()).url)).toEqual([200, undefined]);
  });

  test("deadlineMs refuses as it says", async () => {
    const server = await served({ limits: { deadlineMs: 50 } });
    const { status, body } = await server.post("{ slow { id } }");
    expect([status, body.errors?.[0]?.extensions.code]).toEqual(refusalTold("deadlineMs"));
  });

  test("waiting refuses as it says, once running is used up", async () => {
    const server = await served({ limits: { running: 1, waiting: 0 } });
    const first = server.post("{ slow { id } }");
    await until(() => server.doings.waiting.size === 1);
    const { status, body, headers } = await server.post("{ __typename }");
    expect([status, body.errors?.[0]?.extensions.code]).toEqual(refusalTold("waiting"));
    expect(headers.get("retry-after")).toBe("1");
    for (const go of server.doings.waiting) go();
    await first;
  });
});

test("every refusal that the server knows is in docs/security.md with its status", () => {
  const files = readdirSync(resolve(root, "src/server"), { recursive: true, encoding: "utf8" });
  const sources = files
    .filter((file) => file.endsWith(".ts"))
    .map((file) => read(`src/server/${file}`))
    .join("\n");
  const known = [...sources.matchAll(/new HttpError\(\s*(\d{3}),\s*"([A-Z_]+)"/g)].map(
    ([, status, code]) => [status, code] as const,
  );
  expect(known.length).toBeGreaterThan(15);
  const told = parseRows(page).map((cells) => cells.map((cell) => cell.replaceAll("`", "")));
  const missing = known.filter(
    ([status, code]) => !told.some((cells) => cells.includes(status!) && cells.includes(code!)),
  );
  expect(missing).toEqual([]);
});

describe("SECURITY.md", () => {
  const named = [...read("SECURITY.md").matchAll(/`(test\/[\w/.-]+\.test\.ts)`: (.+?) \|$/gm)].map(
    ([, file, title]) => [file!, title!] as const,
  );

  test("names a test in each row of its list", () => {
    const rows = read("SECURITY.md")
      .split("\n")
      .filter((line) => line.includes("test/") || line.includes("CVE-"));
    expect(named).toHaveLength(rows.length);
    expect(named.length).toBeGreaterThanOrEqual(15);
  });

  test.each(named)("names a test that exists: %s: %s", (file, title) => {
    expect(existsSync(resolve(root, file))).toBe(true);
    if (file === "test/server/hostile/hostile.test.ts") {
      expect(HOSTILE_REQUESTS.map((request) => request.title)).toContain(title);
    } else {
      expect(read(file)).toContain(`test("${title}"`);
    }
  });
});

function refusalTold(limit: string): [number, string] {
  const row = LIMIT_ROWS.find(([name]) => name === `\`${limit}\``);
  return [Number(row?.[2]), row?.[3]?.replaceAll("`", "") ?? ""];
}

async function findRefusal(url: string): Promise<[number, string | undefined]> {
  const { status, body } = await readAnswer(
    await fetch(`${url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(REQUEST),
    }),
  );
  return [status, body.errors?.[0]?.extensions.code];
}

function parseRows(markdown: string): string[][] {
  return markdown
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) =>
      line
        .slice(1, -1)
        .split("|")
        .map((cell) => cell.trim()),
    );
}
