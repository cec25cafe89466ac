import { expect, test } from "vitest";
import { formatBytes, formatCount, formatDuration, formatLoss, formatShare } from "./format.js";

test.each([
  [0, "0.0s"],
  [0.44, "0.4s"],
  [9.94, "9.9s"],
  [9.96, "10s"],
  [59.6, "1m 00s"],
  [83, "1m 23s"],
  [7500, "2h 05m"],
  [86_400 * 3 + 3600 * 4.5, "3d 04h"],
  [Number.POSITIVE_INFINITY, "?"],
  [Number.NaN, "?"],
])("formatDuration(%d) is %s", (seconds, text) => expect(formatDuration(seconds)).toBe(text));

test.each([
  [0, "0"],
  [950.4, "950"],
  [999.6, "1.0k"],
  [12_345, "12.3k"],
  [999_949, "999.9k"],
  [999_951, "1.0M"],
  [124_439_808, "124.4M"],
  [7e9, "7.0B"],
  [5e16, "50000.0T"],
])("formatCount(%d) is %s", (count, text) => expect(formatCount(count)).toBe(text));

test.each([
  [512, "512 B"],
  [1500, "1.5 kB"],
  [4.1e9, "4.1 GB"],
])("formatBytes(%d) is %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

test.each([
  [undefined, "?"],
  [1.46972, "1.470"],
  [-0.5, "-0.500"],
  [123.456, "123.5"],
  [1e9, "1000000000"],
  [Number.NaN, "NaN"],
])("formatLoss(%s) is %s", (loss, text) => expect(formatLoss(loss)).toBe(text));

test("formatShare", () => expect(formatShare(0.734)).toBe("73%"));
