import { expect, test } from "vitest";
import { formatAgo } from "../../portal/src/shared/values/format-ago.js";

test.each([
  [0, "now"],
  [5_000, "now"],
  [-4_000, "4 seconds ago"],
  [-119_000, "1 minute ago"],
  [-7_200_000, "2 hours ago"],
  [-90_000_000, "yesterday"],
  [-40 * 86_400_000, "last month"],
])("a difference of %i ms reads %j", (differenceMs, text) => {
  expect(formatAgo(differenceMs, "en")).toBe(text);
});
