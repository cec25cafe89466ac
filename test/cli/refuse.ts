/** What the command line does with bad input. */
import { expect } from "vitest";
import { autodidact, contents } from "./command-line.js";

/**
 * Expects one error of three parts with the message, and nothing else but the line that names the data; and
 * that no file in `place` was touched.
 */
export async function refuse(place: string, message: RegExp, args: readonly string[]): Promise<void> {
  const before = contents(place);
  const { code, stdout, stderr } = await autodidact(...args);
  expect(stderr).toMatch(/^(preparing .*\n)?error: .+\n {2}found: [\s\S]+\n {2}to do: [\s\S]+\n$/);
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/^ {4}at /m);
  expect([code, stdout]).toEqual([1, ""]);
  expect(contents(place)).toEqual(before);
}
