import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    globalSetup: ["test/support/postgres.ts"],
    coverage: { include: ["src/**/*.ts"], reporter: ["text-summary", "json-summary"] },
  },
});
