import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { countBytes, countCharacters, encodePieces, weighPieces } from "../../src/model/text-pieces.js";
import { AnswerMemory, type Sink } from "../../src/server/sending/answer-memory.js";
import { PiecesStream } from "../../src/server/sending/pieces-stream.js";

const piece = fc.oneof(
  fc.string({ unit: "binary-ascii" }),
  fc.string({ unit: "binary" }),
  fc.constantFrom("", ",", "é", "éa", "a\u{1F600}", "\u{1F600}", "\ud800", "\udc00", "\x7f", "\x80"),
);

describe("a text in pieces", () => {
  test("has the bytes of the joined text, whatever characters are in which piece", () => {
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        // A pair that is divided between two pieces is one character of the joined text.
        const text = pieces.join("");
        expect(encodePieces(pieces).equals(Buffer.from(text))).toBe(true);
        expect(countCharacters(pieces)).toBe(text.length);
      }),
      { numRuns: 2_000 },
    );
  });

  test("weighs what V8 keeps of it: two bytes a character if one is beyond Latin-1, and a head for each piece", () => {
    expect(weighPieces(["abc", "déjà", "日本x"])).toBe(3 + 8 + 7 + 3 * 32);
  });

  test("is sent in slices with these bytes, and their number is known before", async () => {
    const whole = fc.oneof(fc.string({ unit: "grapheme" }), fc.constant("x".repeat(40_000)));
    await fc.assert(
      fc.asyncProperty(fc.array(whole, { maxLength: 30 }), async (pieces) => {
        const sink = { writableLength: 1, once: () => sink } as unknown as Sink;
        const stream = new PiecesStream(pieces, new AnswerMemory(), sink);
        const slices = (await stream.toArray()) as Buffer[];
        const text = Buffer.from(pieces.join(""));
        expect(Buffer.concat(slices).equals(text)).toBe(true);
        expect([stream.bytes, countBytes(pieces)]).toEqual([text.length, text.length]);
        expect(slices.slice(0, -1).every(({ length }) => length >= 65_536)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
