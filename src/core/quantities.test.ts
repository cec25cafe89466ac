import { expect, test } from "vitest";
import { formatBytes, formatCount, formatShare } from "./quantities.js";

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

test("formatShare", () => expect(formatShare(0.734)).toBe("73%"));
