import { readFileSync, readdirSync } from "node:fs";
import { join, relative, resolve } from "node:path";

/** A page of the documentation. */
export interface Page {
  /** The path from the project's root. */
  readonly path: string;
  readonly text: string;
}

/** A fenced block of a page. */
export interface Block {
  readonly page: string;
  readonly language: string;
  readonly text: string;
}

/** The project's root. */
export const ROOT = resolve(import.meta.dirname, "../../..");

/** Lists the README and all pages that it links to. */
export function pages(): Page[] {
  const names = readdirSync(join(ROOT, "docs")).filter((name) => name.endsWith(".md"));
  const others = ["README.md", "CONTRIBUTING.md", "examples/curl.md", "examples/frontend/README.md"];
  return [...others, ...names.map((name) => `docs/${name}`)].map((path) => ({
    path,
    text: readFileSync(join(ROOT, path), "utf8"),
  }));
}

/** Lists the fenced blocks of a page in these languages. */
export function listBlocks(page: Page, ...languages: readonly string[]): Block[] {
  return [...page.text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .map(([, language = "", text = ""]) => ({ page: page.path, language, text }))
    .filter(({ language }) => languages.includes(language));
}

/** Lists the commands of a shell block. Each line is one, unless it is continued, or part of a group in braces. */
export function listCommands({ text }: Block): string[] {
  const commands: string[] = [];
  let open: string | null = null;
  for (const line of text.split("\n")) {
    if (open === null && /^\s*(#|$)/.test(line)) continue;
    open = open === null ? line : `${open}\n${line}`;
    const isGroup = open.startsWith("{ ") && !/^\}/m.test(open);
    if (isGroup || /(\\|\|)$/.test(line)) continue;
    commands.push(open);
    open = null;
  }
  return open === null ? commands : [...commands, open];
}

/** Lists the targets of a page's links and pictures, without those to other sites. */
export function listLocalLinks({
  path,
  text,
}: Page): { readonly target: string; readonly anchor: string | null }[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = ""]) => link)
    .filter((link) => !/^[a-z]+:/.test(link))
    .map((link) => {
      const [file = "", anchor = null] = link.split("#");
      const target = file === "" ? path : relative(ROOT, resolve(ROOT, path, "..", file));
      return { target, anchor };
    });
}

/** Lists the anchors of a page's headings, as GitHub creates them. */
export function listAnchors(text: string): Set<string> {
  const titles = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) => title);
  return new Set(
    titles.map((title) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
        .replaceAll(/\s/g, "-"),
    ),
  );
}
