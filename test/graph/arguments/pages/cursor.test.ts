import fc from "fast-check";
import { expect, test } from "vitest";
import { formatCursor, parseCursor } from "../../../../src/graph/arguments/pages/cursor.js";
import { uuid } from "../../../support/builders/ids.js";

const id = uuid(1, 1);

test("a cursor leads back to its place, whatever the VM's name", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 255 }), (name) => {
      fc.pre(!name.includes("\u0000"));
      expect(parseCursor(formatCursor({ name, id }, "NAME_ASC"), "NAME_ASC")).toEqual({ name, id });
    }),
  );
});

test("a cursor of another order is refused", () => {
  expect(() => parseCursor(formatCursor({ name: "a", id }, "NAME_ASC"), "ID_ASC")).toThrow(
    "after: this cursor is of another order than ID_ASC; start without it",
  );
});

const forged = (parts: unknown) => Buffer.from(JSON.stringify(parts)).toString("base64url");

test.each([
  ["", "empty"],
  ["%%%", "no base64url"],
  ["AAAA", "no JSON"],
  ["x".repeat(5_000), "too long"],
  [forged(null), "no list"],
  [forged([2, "NAME_ASC", "a", id]), "another version"],
  [forged([1, "NAME_ASC", "a\u0000", id]), "a NUL in the name"],
  [forged([1, "NAME_ASC", 7, id]), "a name that is no text"],
  [forged([1, "NAME_ASC", "a", "'; --"]), "an id that is no UUID"],
  [forged([1, "NAME_ASC", "a", { toString: 1 }]), "an id that is no text"],
])("the cursor %.20s is refused: %s", (cursor) => {
  expect(() => parseCursor(cursor, "NAME_ASC")).toThrow(/^after: not a cursor of this gateway/);
});

test("no text makes reading a cursor fail in another way", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String(), fc.jsonValue().map(forged)), (text) => {
      expect(() => parseCursor(text, "NAME_ASC")).toThrow(/^after: /);
    }),
  );
});
