import { describe, expect, it } from "vitest";
import { cardinal, ordinal } from "./english-numbers.js";
import { normaliseTranscript } from "./normalise-transcript.js";

const textOf = (text: string, language?: string) => normaliseTranscript(text, { language }).text;

describe("the normalised transcript", () => {
  it.each([
    ["Hello, World!", "hello world"],
    ["  well-known \t\r\n e.g.  this… ", "well known e g this"],
    ["\u201CDon\u2019t,\u201D he said - it\u02BCs `Joe`s\u00B4", "don't he said it's joe's"],
    ["'quoted' dogs' ''", "quoted dogs"],
    ["L'\u00C9T\u00C9 d'E\u0301te\u0301", "l'\u00E9t\u00E9 d'\u00E9t\u00E9"],
    [
      "P\u0159\u00EDli\u0161 \u017Elu\u0165ou\u010Dk\u00FD",
      "p\u0159\u00EDli\u0161 \u017Elu\u0165ou\u010Dk\u00FD",
    ],
    ["\uFEFFsoft\u00ADware a\u200Bb", "software ab"],
    ["#1 <tones> [beep] a|b & c_d $", "1 tones beep a b c d"],
    [
      "\u65E5\u672C\u3001\u8A9E\u3002 \u0928\u092E\u0938\u094D\u0924\u0947",
      "\u65E5\u672C \u8A9E \u0928\u092E\u0938\u094D\u0924\u0947",
    ],
    ["?!", ""],
    ["", ""],
  ])("of %j is %j", (text, expected) => expect(textOf(text)).toBe(expected));

  it("is the same for composed and decomposed letters, and normalising it again changes nothing", () => {
    const text = "\u010Cesk\u00E1 \u0159e\u010D, 'a' isn\u2019t 12";
    const once = textOf(text, "en");
    expect(textOf(text.normalize("NFD"), "en")).toBe(once);
    expect(textOf(once, "en")).toBe(once);
  });

  it.each([
    ["0", "zero"],
    ["press 1, then 2.", "press one then two"],
    ["21 100 110 999", "twenty one one hundred one hundred ten nine hundred ninety nine"],
    ["1,234.50", "one thousand two hundred thirty four point five zero"],
    ["999,999", "nine hundred ninety nine thousand nine hundred ninety nine"],
    ["007", "zero zero seven"],
    ["1st 2nd 3rd 12th 20th 101st", "first second third twelfth twentieth one hundred first"],
    ["192.168.0.1", "one hundred ninety two one hundred sixty eight zero one"],
    ["mp3 3d 9:45 -5%", "mp three three d nine forty five five"],
    ["12thx", "twelve thx"],
  ])("spells the figures of %j in English", (text, expected) => {
    expect(normaliseTranscript(text, { language: "en-GB" })).toEqual({ text: expected, figuresLeft: [] });
  });

  it("leaves other figures where they are, and says which", () => {
    expect(normaliseTranscript("V\u00EDm 12 a 3.", { language: "cs" })).toEqual({
      text: "v\u00EDm 12 a 3",
      figuresLeft: ["12", "3"],
    });
    expect(normaliseTranscript("7").figuresLeft).toEqual(["7"]);
    expect(normaliseTranscript("1000000 \u00BD \u0663 9", { language: "en" })).toEqual({
      text: "1000000 \u00BD \u0663 nine",
      figuresLeft: ["1000000", "\u00BD", "\u0663"],
    });
  });
});

describe("numbers in words", () => {
  it("differ from each other", () => {
    const spelled = new Set(Array.from({ length: 20_000 }, (_, value) => cardinal(value)));
    expect(spelled.size).toBe(20_000);
  });

  it("have ordinals", () => {
    const words = [5, 8, 9, 11, 15, 30, 42, 100, 1000, 70_003].map(ordinal);
    expect(words).toEqual([
      "fifth",
      "eighth",
      "ninth",
      "eleventh",
      "fifteenth",
      "thirtieth",
      "forty second",
      "one hundredth",
      "one thousandth",
      "seventy thousand third",
    ]);
  });
});
