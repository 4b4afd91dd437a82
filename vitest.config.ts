import { defineConfig } from "vitest/config";

export default defineConfig({
  // Vite would load graphql's ES modules for our files while the packages load its CommonJS: two realms of types.
  resolve: { alias: [{ find: /^graphql$/, replacement: "graphql/index.js" }] },
  test: {
    include: ["test/**/*.test.ts"],
    // Apollo's gateway reports to its maker, and looks for the cloud it might run in, unless told not to.
    env: { APOLLO_TELEMETRY_DISABLED: "true" },
    // A test that hangs is ended. No test has a limit of its own: a slow or busy machine is not an error.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 120_000 } },
    maxWorkers: 2,
    globalSetup: ["test/support/documents/pages.ts", "test/support/databases/postgres.ts"],
    coverage: { include: ["src/**/*.ts"], reporter: ["text-summary", "json-summary"] },
  },
});
