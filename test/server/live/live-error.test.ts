import { pino } from "pino";
import { expect, test } from "vitest";
import { formatLiveError } from "../../../src/server/live/operations.js";
import type { ServerOptions } from "../../../src/server/options.js";
import { DatabaseUnavailableError } from "../../../src/store/postgres/errors.js";

const format = (error: unknown) =>
  formatLiveError(error, "r1", { log: pino({ level: "silent" }) } as unknown as ServerOptions);

test("a subscription that the database ends says why, and to ask again", () => {
  const error = new DatabaseUnavailableError("away", new Error("connect ECONNREFUSED 10.0.0.5:5432"));
  expect(format(error)).toEqual({
    message: "The database does not answer. Ask again in a few seconds.",
    extensions: { code: "NOT_AVAILABLE" },
  });
});

test("a subscription that ends for a reason nobody foresaw shows only the request's id", () => {
  for (const error of [new Error("password=secret"), "password=secret"]) {
    expect(format(error)).toMatchObject({
      message: "Internal error (request r1)",
      extensions: { code: "INTERNAL_SERVER_ERROR" },
    });
  }
});
