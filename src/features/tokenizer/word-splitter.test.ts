import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { wordEnd } from "./word-splitter.js";

/** GPT-2's pattern, with White_Space for `\s`. */
const PATTERN =
  /'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

function split(text: string): string[] {
  const words: string[] = [];
  for (let at = 0; at < text.length; ) {
    const end = wordEnd(text, at, text.length);
    words.push(text.slice(at, end));
    at = end;
  }
  return words;
}

describe("the word splitter", () => {
  it.each([
    [
      "I'll say we've  got it's\n\n\tdone ",
      ["I", "'ll", " say", " we", "'ve", " ", " got", " it", "'s", "\n\n", "\t", "done", " "],
    ],
    ["x=1234;  //!", ["x", "=", "1234", ";", " ", " //!"]],
    ["天地玄黄，宇宙", ["天地玄黄", "，", "宇宙"]],
    ["𝒳y🙂👍🏽 ²", ["𝒳y", "🙂👍🏽", " ²"]],
    ["'tis 'S '", ["'t", "is", " '", "S", " '"]],
  ])("splits %j as GPT-2 does", (text, words) => {
    expect(split(text)).toEqual(words);
  });

  it("agrees with the pattern on any text", () => {
    const awkward = fc.constantFrom(
      ..."  \n\t\u00a0\u0085\u3000\ufeff''sdmtlver1²Ⅷaß天🙂𝒳𝟘.,",
      "\ud83d",
      "\ude42",
    );
    const text = fc.oneof(
      fc.array(awkward, { maxLength: 30 }).map((c) => c.join("")),
      fc.string({ unit: "binary" }),
    );
    fc.assert(
      fc.property(text, (t) => {
        expect(split(t)).toEqual(t.match(PATTERN) ?? []);
      }),
      { seed: 1, numRuns: 500 },
    );
  });
});
