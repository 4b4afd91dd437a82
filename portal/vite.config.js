import { defineConfig } from "vite";

/** Everything is bundled: the pages load nothing from any other server. */
export default defineConfig({
  root: import.meta.dirname,
  base: "/",
  publicDir: false,
  build: {
    outDir: "../dist/portal",
    emptyOutDir: true,
    assetsDir: "assets",
    chunkSizeWarningLimit: 8_000,
    rollupOptions: { input: { graphiql: `${import.meta.dirname}/graphiql.html` } },
  },
});
