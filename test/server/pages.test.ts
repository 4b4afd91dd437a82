import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { buildSchema, parse, validate } from "graphql";
import { beforeAll, describe, expect, test } from "vitest";
import { served } from "./running.js";

const root = resolve(import.meta.dirname, "../..");
const built = join(root, "dist/portal");

describe("GraphiQL", () => {
  beforeAll(() => {
    execFileSync(process.execPath, [join(root, "scripts/build-pages.mjs")], { cwd: root });
  });

  test("is served at /graphiql, with all of its files, and / leads there", async () => {
    const server = await served({ graphiql: true, pagesDir: built });
    const slashed = await fetch(`${server.url}/graphiql/`, { redirect: "manual" });
    expect([slashed.status, slashed.headers.get("location")]).toEqual([302, "/graphiql"]);
    const home = await fetch(server.url, { redirect: "manual" });
    expect([home.status, home.headers.get("location")]).toEqual([302, "/graphiql"]);

    const page = await fetch(`${server.url}/graphiql`);
    const html = await page.text();
    expect(page.headers.get("content-type")).toMatch(/^text\/html/);
    expect(page.headers.get("cache-control")).toBe("no-cache");
    expect(page.headers.get("content-security-policy")).toMatch(
      /script-src 'self';.*worker-src 'self' blob:;.*frame-ancestors 'none'/,
    );
    const files = [...html.matchAll(/(?:src|href)="([^"]+)"/g)]
      .map(([, file]) => file!)
      .filter((file) => !file.startsWith("data:"));
    expect(files.length).toBeGreaterThan(1);
    for (const file of files) {
      expect(file).toMatch(/^\/assets\//);
      const answer = await fetch(server.url + file);
      expect([file, answer.status, answer.headers.get("cache-control")]).toEqual([
        file,
        200,
        "public, max-age=31536000, immutable",
      ]);
      await answer.arrayBuffer();
    }
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

  test("comes with three queries that are right for the graph", async () => {
    const schema = buildSchema(await readFile(join(root, "schema.graphql"), "utf8"));
    const examples = join(root, "portal/examples");
    const names = await readdir(examples);
    expect(names).toHaveLength(3);
    for (const name of names) {
      expect([name, validate(schema, parse(await readFile(join(examples, name), "utf8")))]).toEqual([
        name,
        [],
      ]);
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
    expect((await fetch(server.url)).status).toBe(404);
  });
});
