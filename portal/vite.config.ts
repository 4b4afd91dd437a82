import { defineConfig, type UserConfig } from "vite";
import { listOperations } from "./operations.js";

const { hashes, texts } = listOperations();

/** Everything is bundled: the pages load nothing from any other server. Paths are relative, so any prefix will do. */
const config: UserConfig = {
  root: import.meta.dirname,
  base: "./",
  publicDir: false,
  define: { __OPERATION_HASHES__: JSON.stringify(hashes) },
  plugins: [
    {
      name: "list-operations",
      generateBundle() {
        this.emitFile({ type: "asset", fileName: "operations.json", source: JSON.stringify(texts, null, 2) });
      },
    },
  ],
  build: {
    outDir: "../dist/portal",
    emptyOutDir: true,
    assetsDir: "assets",
    chunkSizeWarningLimit: 8_000,
    rolldownOptions: {
      input: { index: `${import.meta.dirname}/index.html`, graphiql: `${import.meta.dirname}/graphiql.html` },
      // Libraries mark their files for React's server components, which do not exist here.
      onLog: (level, log, report) => {
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") report(level, log);
      },
    },
  },
};

export default defineConfig(config);
