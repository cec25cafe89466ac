import { expect, it } from "vitest";
import { pythonText } from "./python-text.js";

it("writes JSON as Python's repr does", () => {
  const value = { a: [1, -0.5, true, null], "it's": 'say "é"', both: `'"`, "\\\n\t\u0007": {} };
  const printed = `{'a': [1, -0.5, True, None], "it's": 'say "é"', 'both': '\\'"', '\\\\\\n\\t\\x07': {}}`;
  expect(pythonText(value)).toBe(printed);
});
