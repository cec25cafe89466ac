import { describe, expect, it } from "vitest";
import { randomStream } from "../../core/random.js";
import { GenerationError } from "../errors.js";
import { SettlingText } from "./settling.js";
import type { Word } from "./transcript.js";

/** A word a second, from second `first` on. */
function spoken(text: string, first = 0): Word[] {
  return text
    .split(" ")
    .filter(Boolean)
    .map((word, i) => ({ text: word, start: first + i, end: first + i + 0.8, confidence: 1, characters: 1 }));
}

const textOf = (words: readonly Word[]) => words.map(({ text }) => text).join(" ");

describe("settling text", () => {
  it("settles what two hypotheses begin with, and keeps it", () => {
    const text = new SettlingText();
    const states = ["the", "the cat", "the cat sad on", "a cat sat on the"].map((hypothesis) => {
      const { settled, open } = text.push(spoken(hypothesis));
      return [textOf(settled), textOf(open)];
    });
    expect(states).toEqual([
      ["", "the"],
      ["the", "cat"],
      ["the cat", "sad on"],
      ["the cat", "sat on the"],
    ]);
    expect(textOf(text.end())).toBe("the cat sat on the");
    expect(textOf(text.end())).toBe("the cat sat on the");
  });

  it("may ask for more hypotheses, or for one", () => {
    const slow = new SettlingText(3);
    expect(["a b", "a b", "a b"].map((words) => textOf(slow.push(spoken(words)).settled))).toEqual([
      "",
      "",
      "a b",
    ]);
    expect(textOf(new SettlingText(1).push(spoken("a b")).settled)).toBe("a b");
    expect(() => new SettlingText(0)).toThrow(GenerationError);
  });

  it("goes on where later hypotheses leave the beginning out, and where times move a little", () => {
    const text = new SettlingText();
    text.push(spoken("a b c"));
    text.push(spoken("a b c"));
    text.push(spoken("c d", 2.1));
    expect(textOf(text.push(spoken("c d e", 1.9)).settled)).toBe("a b c d");
  });

  it("never takes back what it has settled", () => {
    const random = randomStream(4, "hypotheses");
    const text = new SettlingText();
    let before = "";
    for (let length = 1; length < 60; length++) {
      const words = Array.from({ length }, (_, i) => (random.uniform() < 0.1 ? "x" : `w${i}`));
      const { settled, open } = text.push(spoken(words.join(" ")));
      expect(textOf(settled).startsWith(before)).toBe(true);
      expect(settled.length + open.length).toBe(length);
      before = textOf(settled);
    }
    expect(before.split(" ").length).toBeGreaterThan(30);
  });
});
