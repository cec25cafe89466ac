import { describe, expect, it } from "vitest";
import { byteTokenizer } from "../features/tokenizer/byte-tokenizer.js";
import { EvaluationError } from "./errors.js";
import type { Score, TokenPair } from "./log-likelihood.js";
import { evaluateMultipleChoice } from "./multiple-choice.js";
import type { Question } from "./questions.js";

const tokenizer = byteTokenizer({ specialTokens: ["<|endoftext|>"] });

/** A scorer that has been told what to think of each continuation. */
function told(likelihoods: Readonly<Record<string, number>>, longest = 1000) {
  return {
    async scoreAll(pairs: readonly TokenPair[]): Promise<Score[]> {
      return pairs.map(({ context, continuation }) => ({
        logLikelihood: likelihoods[tokenizer.decode(continuation)],
        isGreedy: false,
        perToken: new Float32Array(continuation.length),
        isTruncated: context.length + continuation.length > longest,
      }));
    },
  };
}

async function* ask(...questions: Partial<Question>[]): AsyncGenerator<Question> {
  for (const question of questions) yield { context: "Q:", choices: [], gold: 0, source: "a:1", ...question };
}

describe("accuracy", () => {
  it("takes the likeliest choice, and by length the likeliest a character", async () => {
    const scorer = told({ " no": -3, " certainly": -6, " maybe": -4 });
    const choices = ["no", "certainly", "maybe"]; // a character: -1.5, -0.667, -0.8
    const result = await evaluateMultipleChoice(
      scorer,
      tokenizer,
      ask({ choices }, { choices, gold: 1 }, { choices, gold: 2 }),
    );
    expect(result).toMatchObject({ questions: 3, acc: 1 / 3, accNorm: 1 / 3, truncated: 0 });
    // Which of the three is right differs: the first by sum, the second by length.
    expect((await evaluateMultipleChoice(scorer, tokenizer, ask({ choices }))).acc).toBe(1);
    expect((await evaluateMultipleChoice(scorer, tokenizer, ask({ choices }))).accNorm).toBe(0);
    expect((await evaluateMultipleChoice(scorer, tokenizer, ask({ choices, gold: 1 }))).accNorm).toBe(1);
  });

  it("counts characters as Python does: neither bytes, nor UTF-16 units, nor the space before", async () => {
    // A character: -1 and -1.05. With bytes (4 and 2), units (2 and 2) or the space (2 and 3) the first would win less.
    const scorer = told({ " 😀": -1, " ab": -2.1 });
    const question = { choices: ["ab", "😀"], gold: 1 };
    expect(await evaluateMultipleChoice(scorer, tokenizer, ask(question))).toMatchObject({
      acc: 1,
      accNorm: 1,
    });
    const long = told({ " 😀": -1.2, " ab": -2.3 }); // -1.2 and -1.15; by bytes -0.3, by units -0.6
    expect(await evaluateMultipleChoice(long, tokenizer, ask(question))).toMatchObject({
      acc: 1,
      accNorm: 0,
    });
    const spaced = told({ " a": -1, " abcd": -3.6 }); // -1 and -0.9; with the space -0.5 and -0.72
    expect(
      (await evaluateMultipleChoice(spaced, tokenizer, ask({ choices: ["a", "abcd"], gold: 1 }))).accNorm,
    ).toBe(1);
  });

  it("of equals takes the first, as numpy's argmax", async () => {
    const scorer = told({ " a": -2, " b": -2 });
    const choices = ["a", "b"];
    expect((await evaluateMultipleChoice(scorer, tokenizer, ask({ choices }))).acc).toBe(1);
    expect((await evaluateMultipleChoice(scorer, tokenizer, ask({ choices, gold: 1 }))).acc).toBe(0);
  });

  it("comes with the standard error of the mean, n - 1 in its variance", async () => {
    const scorer = told({ " a": -1, " b": -2 });
    const choices = ["a", "b"];
    const three = ask({ choices }, { choices }, { choices }, { choices, gold: 1 });
    // 3 of 4: the sample deviation of (1, 1, 1, 0) is 0.5; over the root of 4.
    expect(await evaluateMultipleChoice(scorer, tokenizer, three)).toMatchObject({
      acc: 0.75,
      accStderr: 0.25,
    });
    expect((await evaluateMultipleChoice(scorer, tokenizer, ask({ choices }))).accStderr).toBeNull();
  });

  it("counts questions, not choices, that were cut; and goes on over groups", async () => {
    const scorer = told({ " a": -1, " b": -2 }, 10);
    const choices = ["a", "b"];
    const many = Array.from({ length: 70 }, (_, i) => ({
      choices,
      context: i % 7 === 0 ? "a long context" : "Q",
    }));
    const seen: number[] = [];
    const result = await evaluateMultipleChoice(scorer, tokenizer, ask(...many), (count) => seen.push(count));
    expect(result).toMatchObject({ questions: 70, truncated: 10, acc: 1, accStderr: 0 });
    expect(seen).toEqual([32, 64, 70]);
  });

  it("refuses nothing at all", () =>
    expect(evaluateMultipleChoice(told({}), tokenizer, ask())).rejects.toThrow(EvaluationError));
});
