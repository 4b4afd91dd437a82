import { describe, expect, test } from "vitest";
import { normalizeReportedMac } from "../../../src/model/address/mac.js";

describe("MAC addresses", () => {
  test.each([
    ["52:54:00:AA:BB:CC", "52:54:00:aa:bb:cc"],
    ["52-54-00-aa-bb-cc", "52:54:00:aa:bb:cc"],
    [" 52:54:00:aa:bb:cc ", "52:54:00:aa:bb:cc"],
    ["00:00:00:00:00:00", "00:00:00:00:00:00"],
    ["00:11:22:33:44:55:66:77", "00:11:22:33:44:55:66:77"],
    [Array(20).fill("AB").join("-"), Array(20).fill("ab").join(":")],
    ["52:54:00:aa:bb", null],
    ["525400AABBCC", "52:54:00:aa:bb:cc"],
    ["5254.00aa.bbcc", "52:54:00:aa:bb:cc"],
    ["52:54-00:aa:bb:cc", null],
    ["", null],
    [null, null],
  ])("%j becomes %j", (text, mac) => {
    expect(normalizeReportedMac(text)).toBe(mac);
  });
});
