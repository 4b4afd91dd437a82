import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { get, type IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { buildSchema, parse, validate } from "graphql";
import { describe, expect, test } from "vitest";
import { buildGraphSchema } from "../../src/graph/schema.js";
import { served } from "./running.js";

const root = resolve(import.meta.dirname, "../..");
const built = join(root, "dist/portal");

describe("the portal's first view", () => {
  test("is no more than 250 kB of scripts and styles, compressed", async () => {
    const page = await readFile(join(built, "index.html"), "utf8");
    const files = new Set(page.match(/assets\/[^"]+\.(?:js|css)/g));
    expect(files.size).toBeGreaterThan(1);
    let bytes = 0;
    for (const file of files) bytes += gzipSync(await readFile(join(built, file))).length;
    expect(bytes).toBeLessThanOrEqual(250_000);
  });

  test("is one script and two styles: a browser waits for few files", async () => {
    const page = await readFile(join(built, "index.html"), "utf8");
    expect(page.match(/<(?:script|link)[^>]*assets\/[^"]+\.js"/g)).toHaveLength(1);
    expect(page.match(/<link[^>]*assets\/[^"]+\.css"/g)).toHaveLength(2);
  });

  test("is painted before anything else has come: a kilobyte of styles stands before it, all others behind it", async () => {
    const page = await readFile(join(built, "index.html"), "utf8");
    const [head = "", body = ""] = page.split("<body>");
    const [frame = "", ...others] = head.match(/assets\/[^"]+\.css/g) ?? [];
    expect(others).toEqual([]);
    expect((await readFile(join(built, frame))).length).toBeLessThan(2_000);
    expect(body.indexOf(".css")).toBeGreaterThan(body.indexOf("<main"));
  });

  test("is sent as the build has compressed it, by what the browser takes", async () => {
    const server = await served({ pagesDir: built });
    const [script] = /assets\/index-[^"]+\.js/.exec(await readFile(join(built, "index.html"), "utf8"))!;
    for (const [accepted, ending] of [
      ["gzip, br", ".br"],
      ["gzip", ".gz"],
      ["identity", ""],
    ] as const) {
      const answer = await readRaw(`${server.url}/${script}`, accepted);
      expect(answer.headers["content-encoding"]).toBe({ ".br": "br", ".gz": "gzip", "": undefined }[ending]);
      expect(answer.headers["vary"]).toContain("accept-encoding");
      expect(answer.headers["content-type"]).toMatch(/^(?:text|application)\/javascript/);
      expect(answer.body.equals(await readFile(join(built, script + ending)))).toBe(true);
    }
  });

  test("is built with the React that users get, not the slower one for developers, also by a runner of tests", async () => {
    const assets = join(built, "assets");
    for (const name of (await readdir(assets)).filter((each) => each.endsWith(".js"))) {
      expect(await readFile(join(assets, name), "latin1"), name).not.toContain("jsxDEV");
    }
  });
});

describe("a page with an issuer at which people sign in", () => {
  const signIn = {
    issuer: "https://id.example.org/realms/a",
    audience: "vnic-graph",
    clientId: 'p"><script>&',
    scope: "openid",
  };

  test("may ask that issuer's origin and itself, and knows what to ask, whatever it is called", async () => {
    const server = await served({ graphiql: true, pagesDir: built, signIn });
    for (const path of ["/", "/graphiql"]) {
      const answer = await fetch(server.url + path);
      const policy = answer.headers.get("content-security-policy");
      expect(policy).toContain("connect-src 'self' https://id.example.org;");
      const html = await answer.text();
      expect(html).not.toContain("<script>");
      const content = /name="vnic-graph-sign-in" content="([^"]*)"/.exec(html)![1]!;
      const text = content.replaceAll("&quot;", '"').replaceAll("&lt;", "<").replaceAll("&amp;", "&");
      expect(JSON.parse(text)).toEqual(signIn);
    }
  });

  test("is the same as ever without one: it may ask nobody but its server", async () => {
    const server = await served({ pagesDir: built });
    const answer = await fetch(server.url);
    expect(answer.headers.get("content-security-policy")).toContain("connect-src 'self';");
    expect(await answer.text()).not.toContain("vnic-graph-sign-in");
  });
});

describe("GraphiQL", () => {
  test("is served at /graphiql, with all of its files", async () => {
    const server = await served({ graphiql: true, pagesDir: built });
    const slashed = await fetch(`${server.url}/graphiql/`, { redirect: "manual" });
    expect([slashed.status, slashed.headers.get("location")]).toEqual([302, "/graphiql"]);
    await expectWholePage(server.url, "/graphiql");
  });

  test("is found beside the program", async () => {
    const server = await served({ graphiql: true });
    expect(await (await fetch(`${server.url}/graphiql`)).text()).toBe(
      await readFile(join(built, "graphiql.html"), "utf8"),
    );
  });

  test("loads nothing from elsewhere, and needs no eval", async () => {
    const html = await readFile(join(built, "graphiql.html"), "utf8");
    expect(html).not.toMatch(/https?:|<script(?![^>]* src=)|<style|\son\w+=/);
    const assets = join(built, "assets");
    for (const name of await readdir(assets)) {
      const text = await readFile(join(assets, name), "latin1");
      if (name.endsWith(".css")) expect(text, name).not.toMatch(/url\(\s*["']?(https?:|\/\/)|@import/);
      if (name.endsWith(".js")) {
        expect(text, name).not.toMatch(/(importScripts|import|fetch)\(\s*["'`]https?:/);
        expect(text, name).not.toMatch(/new Function\(["'`]/);
      }
    }
  });

  test("comes with queries that are right for the graph, by what the gateway serves", async () => {
    const whole = buildSchema(await readFile(join(root, "schema.graphql"), "utf8"));
    const folders = [
      { folder: "portal/examples", schema: whole, count: 15 },
      {
        folder: "portal/examples/contribute",
        schema: buildGraphSchema({ federation: "contribute" }),
        count: 2,
      },
    ];
    for (const { folder, schema, count } of folders) {
      const names = (await readdir(join(root, folder))).filter((name) => name.endsWith(".graphql"));
      expect(names).toHaveLength(count);
      for (const name of names) {
        const text = await readFile(join(root, folder, name), "utf8");
        expect([name, validate(schema, parse(text))]).toEqual([name, []]);
        const comments = text.split("\n").filter((line) => line.startsWith("#"));
        expect(
          comments.filter((line) => line.length > 40),
          "fits a small screen",
        ).toEqual([]);
      }
    }
  });

  test("says what to do where it is not built", async () => {
    const empty = await mkdtemp(join(tmpdir(), "vnic-graph-"));
    const server = await served({ graphiql: true, pagesDir: empty });
    const page = await fetch(`${server.url}/graphiql`);
    expect(await page.text()).toContain("npm run build");
    await rm(empty, { recursive: true });
  });

  test("is not there unless wanted", async () => {
    const server = await served();
    expect((await fetch(`${server.url}/graphiql`)).status).toBe(404);
  });
});

describe("the portal", () => {
  test("is served at /, with all of its files, also without GraphiQL", async () => {
    for (const graphiql of [true, false]) {
      const server = await served({ graphiql, pagesDir: built });
      await expectWholePage(server.url, "/");
      const page = await (await fetch(server.url)).text();
      expect(page.includes("vnic-graph-graphiql"), "it leads to GraphiQL where there is one").toBe(graphiql);
    }
  });

  test("is asked for by hash: the server knows the portal's operations from the build", async () => {
    const server = await served({ pagesDir: built });
    const [operation] = Object.entries(
      JSON.parse(await readFile(join(built, "operations.json"), "utf8")) as Record<string, string>,
    ).filter(([, each]) => each.includes("PortalAccess"));
    const [hash, text] = operation!;
    const ask = async (body: object) =>
      (
        await fetch(`${server.url}/graphql`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        })
      ).json();
    const persisted = (sha256Hash: string) => ({
      extensions: { persistedQuery: { version: 1, sha256Hash } },
    });
    expect(text).toContain("__typename");
    expect(await ask(persisted(hash))).toEqual({ data: { __typename: "Query" } });
    expect(await ask(persisted("0".repeat(64)))).toMatchObject({
      errors: [{ extensions: { code: "PERSISTED_QUERY_NOT_FOUND" } }],
    });
  });

  test("runs its operations where only listed ones may run", async () => {
    const folder = await mkdtemp(join(tmpdir(), "vnic-graph-"));
    const trusted = join(folder, "trusted.json");
    await writeFile(trusted, JSON.stringify(["{ other: __typename }"]));
    const server = await served({ pagesDir: built, trustedDocumentsFile: trusted });
    const texts = Object.values(
      JSON.parse(await readFile(join(built, "operations.json"), "utf8")) as Record<string, string>,
    );
    const ask = async (query: string) =>
      (
        await fetch(`${server.url}/graphql`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ query }),
        })
      ).status;
    expect(await ask(texts.find((each) => each.includes("PortalAccess"))!)).toBe(200);
    expect(await ask("{ other: __typename }")).toBe(200);
    expect(await ask("{ __typename }")).toBe(403);
    await rm(folder, { recursive: true });
  });
});

/** Reads an answer as it comes, without decompressing it. */
function readRaw(url: string, accepted: string): Promise<{ headers: IncomingHttpHeaders; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const asked = get(url, { headers: { "accept-encoding": accepted } }, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part));
      answer.on("end", () => {
        resolve({ headers: answer.headers, body: Buffer.concat(parts) });
      });
    });
    asked.on("error", reject);
  });
}

/** Loads a page and every file that it names, below the page's own address. */
async function expectWholePage(url: string, path: string): Promise<void> {
  const page = await fetch(url + path);
  const html = await page.text();
  expect(page.headers.get("content-type")).toMatch(/^text\/html/);
  expect(page.headers.get("cache-control")).toBe("no-cache");
  expect(page.headers.get("content-security-policy")).toMatch(
    /script-src 'self';.*worker-src 'self' blob:;.*frame-ancestors 'none'/,
  );
  const files = [...html.matchAll(/<(?:script|link)[^>]* (?:src|href)="([^"]+)"/g)]
    .map(([, file]) => file!)
    .filter((file) => !file.startsWith("data:"));
  expect(files.length).toBeGreaterThan(1);
  for (const file of files) {
    // Relative, so that the page works below any prefix.
    expect(file).toMatch(/^\.\/assets\//);
    const answer = await fetch(new URL(file, url + path));
    expect([file, answer.status, answer.headers.get("cache-control")]).toEqual([
      file,
      200,
      "public, max-age=31536000, immutable",
    ]);
    await answer.arrayBuffer();
  }
}
