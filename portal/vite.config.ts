import { readFileSync } from "node:fs";
import { defineConfig, type Plugin, type UserConfig } from "vite";
import { listOperations } from "./operations.js";

const { hashes, texts } = listOperations();

/**
 * Builds one page, `--mode index` or `--mode graphiql`: pages that share no scripts have few, so that a browser waits for few.
 * Everything is bundled: the pages load nothing from any other server. Paths are relative, so any prefix will do.
 */
export default defineConfig(({ mode }): UserConfig => ({
  root: import.meta.dirname,
  base: "./",
  publicDir: false,
  define: { __OPERATION_HASHES__: JSON.stringify(hashes) },
  plugins: mode === "index" ? [paintEarly(), listTexts()] : [],
  build: {
    outDir: "../dist/portal",
    emptyOutDir: false,
    assetsDir: "assets",
    // The first ones that know `light-dark()`. For older ones it would be written anew, in each file by itself.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    chunkSizeWarningLimit: 8_000,
    rolldownOptions: {
      input: `${import.meta.dirname}/${mode}.html`,
      // What the first view needs comes as one file: browsers ask for few at once, and for the rest one after the other.
      output: { codeSplitting: { groups: [{ name: "first", tags: ["$initial"] }] } },
      // Libraries mark their files for React's server components, which do not exist here.
      onLog: (level, log, report) => {
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") report(level, log);
      },
    },
  },
}));

/** Writes the texts of the operations for the server. */
function listTexts(): Plugin {
  return {
    name: "list-operations",
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "operations.json", source: JSON.stringify(texts, null, 2) });
    },
  };
}

/**
 * Lets the browser paint the frame that the HTML holds as soon as its own few styles are there: those of everything else stand
 * behind it, and what stands before them in a page does not wait for them. Scripts do.
 */
function paintEarly(): Plugin {
  const frame = { type: "asset", name: "frame.css" } as const;
  return {
    name: "paint-early",
    buildStart() {
      this.emitFile({ ...frame, source: readFileSync(`${import.meta.dirname}/src/frame.css`, "utf8") });
    },
    transformIndexHtml: {
      order: "post",
      handler: (html, { bundle = {} }) => {
        const written = Object.values(bundle).find(
          (file) => file.type === "asset" && file.names.includes(frame.name),
        );
        if (written === undefined) throw new Error(`the build has no ${frame.name}`);
        const links = html.match(/ *<link rel="stylesheet"[^>]*>\n?/g) ?? [];
        return links
          .reduce((page, link) => page.replace(link, ""), html)
          .replace("</head>", `  <link rel="stylesheet" href="./${written.fileName}" />\n  </head>`)
          .replace("</body>", `${links.join("")}  </body>`);
      },
    },
  };
}
