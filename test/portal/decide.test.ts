import { describe, expect, test } from "vitest";
import { decide } from "../../portal/src/live/decide.js";
import { readLiveState } from "../../portal/src/live/live-state.js";

/** What graphql-ws gives for an answer with this error. */
const refusal = (code: string, more: object = {}) =>
  new Error("the events ended with errors", { cause: [{ message: "no", extensions: { code, ...more } }] });

const NEW = { hasCursor: false };
const RESUMED = { hasCursor: true };

describe("a page whose subscription fails", () => {
  test.each(["NOT_AVAILABLE", "OVERLOADED", "DEADLINE_EXCEEDED", "INTERNAL_SERVER_ERROR", "A_CODE_OF_LATER"])(
    "tries again after %s, also before its first event",
    (code) => {
      expect(decide(refusal(code), NEW)).toBe("again");
      expect(decide(refusal(code), RESUMED)).toBe("again");
    },
  );

  test.each([
    ["FORBIDDEN", {}],
    ["DOCUMENT_NOT_TRUSTED", {}],
    ["GRAPHQL_VALIDATION_FAILED", {}],
    ["NOT_AVAILABLE", { permanent: true }],
  ])("gives up at %s %j, which no waiting mends", (code, more) => {
    expect(decide(refusal(code, more), NEW)).toBe("off");
  });

  test("begins anew where its cursor is not good any more, and gives up where it has none to drop", () => {
    expect(decide(refusal("CURSOR_LOST"), RESUMED)).toBe("anew");
    expect(decide(refusal("BAD_USER_INPUT"), RESUMED)).toBe("anew");
    expect(decide(refusal("BAD_USER_INPUT"), NEW)).toBe("off");
  });

  test.each([
    [1_006, "again"],
    [1_012, "again"],
    [1_013, "again"],
    [4_290, "again"],
    [4_291, "anew"],
    [4_401, "refused"],
    [4_403, "refused"],
    [4_429, "again"],
    [4_500, "again"],
  ])("after the close code %i does %j", (code, decision) => {
    expect(decide({ code, reason: "" }, RESUMED)).toBe(decision);
  });

  test("tries again after what is no error of the server's at all", () => {
    for (const error of [new Error("socket"), undefined, null, "text", [{}], new Event("error")]) {
      expect(decide(error, NEW)).toBe("again");
    }
  });
});

test.each([
  [null, [], "idle"],
  [true, [], "idle"],
  [null, ["opening"], "opening"],
  [true, ["opening"], "opening"],
  [true, ["well", "opening"], "opening"],
  [true, ["well"], "live"],
  [true, ["failing", "opening"], "lost"],
  [false, ["well"], "lost"],
  [true, ["well", "failing"], "lost"],
  [true, ["well", "off"], "off"],
] as const)(
  "a connection that is open: %j, with followers %j, is shown as %j",
  (isOpen, followers, state) => {
    expect(readLiveState(isOpen, followers)).toBe(state);
  },
);
