import { expect, test } from "vitest";
import { formatDuration, formatLoss } from "./format.js";

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
  [undefined, "?"],
  [1.46972, "1.470"],
  [-0.5, "-0.500"],
  [123.456, "123.5"],
  [1e9, "1000000000"],
  [Number.NaN, "NaN"],
])("formatLoss(%s) is %s", (loss, text) => expect(formatLoss(loss)).toBe(text));
