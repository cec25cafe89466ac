import { describe, expect, it } from "vitest";
import { randomStream } from "../../core/random.js";
import { joinPieces, piecesOf } from "./sentences.js";

const always = () => true;
const textsOf = (text: string, fits: (sentence: string) => boolean = always) =>
  piecesOf(text, fits).pieces.map((piece) => piece.text);
/** The text with every piece as it is. */
function unchanged(text: string, to: string, fits: (sentence: string) => boolean = always): string {
  const pieced = piecesOf(text, fits);
  return joinPieces(
    pieced,
    pieced.pieces.map((piece) => piece.text),
    to,
  );
}

describe("pieces of a text", () => {
  it("are sentences of its lines", () => {
    expect(textsOf("It rains. Does it? Yes!\nThe next line\n\n - and a list")).toEqual([
      "It rains.",
      "Does it?",
      "Yes!",
      "The next line",
      "- and a list",
    ]);
    expect(textsOf("下雨了。带伞吧！")).toEqual(["下雨了。", "带伞吧！"]);
  });

  it("do not end behind an abbreviation", () => {
    expect(textsOf("Mr. Smith met Dr. No. They talked.")).toEqual(["Mr. Smith met Dr. No.", "They talked."]);
    expect(textsOf("Das ist z. B. Obst. Es schmeckt.")).toEqual(["Das ist z. B. Obst.", "Es schmeckt."]);
    expect(textsOf("Ask Mr.\nSmith left.")).toEqual(["Ask Mr.", "Smith left."]);
  });

  it("are nothing where nothing is", () => {
    expect(piecesOf("", always)).toEqual({ before: "", pieces: [] });
    expect(piecesOf(" \n\t", always)).toEqual({ before: " \n\t", pieces: [] });
  });

  it("are cut behind clauses, then words, then characters, but not inside a tag", () => {
    const short = (most: number) => (sentence: string) => sentence.length <= most;
    expect(textsOf("When it rains, we stay, as ever", short(18))).toEqual([
      "When it rains,",
      "we stay, as ever",
    ]);
    expect(textsOf("one two three four", short(10))).toEqual(["one two", "three four"]);
    expect(textsOf("下雨了，我们不去", short(5))).toEqual(["下雨了，", "我们不去"]);
    expect(textsOf("ab<ph0>cd", short(7))).toEqual(["ab", "<ph0>cd"]);
    expect(textsOf("👩‍👩‍👧👩‍👩‍👧", short(8))).toEqual(["👩‍👩‍👧", "👩‍👩‍👧"]);
    expect(textsOf("👩‍👩‍👧", short(2))).toEqual(["👩‍👩‍👧"]);
  });

  it("are short, also of 5,000 words", () => {
    const text = Array.from({ length: 5000 }, (_, i) => `w${i}`).join(" ");
    const parts = textsOf(text, (sentence) => sentence.length <= 128);
    expect(parts.join(" ")).toBe(text);
    expect(Math.max(...parts.map(({ length }) => length))).toBeLessThanOrEqual(128);
    expect(parts.length).toBeLessThan((2 * text.length) / 128);
  });

  it("lose nothing", () => {
    const letters = [
      "a",
      "B",
      ".",
      ",",
      " ",
      "\n",
      "!",
      "。",
      "<ph0>",
      "é",
      "👍🏽",
      "Mr. ",
      "\u00a0",
      "\ufeff",
    ];
    for (let number = 0; number < 300; number++) {
      const random = randomStream(number, "texts");
      const text = Array.from(
        { length: random.integer(60) },
        () => letters[random.integer(letters.length)],
      ).join("");
      const { before, pieces } = piecesOf(text, (sentence) => sentence.length <= 12);
      expect(before + pieces.map((piece) => piece.text + piece.after).join("")).toBe(text);
      expect(pieces.every((piece) => piece.text === piece.text.trim())).toBe(true);
    }
  });
});

describe("pieces together", () => {
  it("keep white space", () => {
    const text = "\ufeff  One.  Two.\r\n\r\n\tThree.\n";
    expect(unchanged(text, "de")).toBe(text);
  });

  it("have the spaces of their language", () => {
    expect(joinPieces(piecesOf("你好。再见。", always), ["Hello.", "Goodbye."], "en")).toBe(
      "Hello. Goodbye.",
    );
    expect(joinPieces(piecesOf("Hello. Goodbye.", always), ["你好。", "再见。"], "zh-CN")).toBe(
      "你好。再见。",
    );
  });
});
