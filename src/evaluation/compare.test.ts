import { beforeAll, describe, expect, it } from "vitest";
import { wildWeights } from "../../test/brute-force.js";
import { nodeRuntime } from "../core/runtime/node.js";
import { chatMlTokens } from "../features/chat/chat-template.js";
import { byteTokenizer } from "../features/tokenizer/byte-tokenizer.js";
import type { Tokenizer } from "../features/tokenizer/tokenizer.js";
import { compileDecoder } from "../generation/decoder-session.js";
import { generate } from "../generation/generate.js";
import { gpt2 } from "../models/gpt2.js";
import { type Comparison, type Contender, compare } from "./compare.js";
import type { Prompt } from "./prompts.js";

const tokenizer = byteTokenizer({ specialTokens: ["<|endoftext|>", ...chatMlTokens] });
const settings = { maxTokens: 12, temperature: 1, seed: 5 };

async function contender(name: string, seed: number, contextLength: number): Promise<Contender> {
  const model = gpt2({ vocabSize: 259, contextLength, numLayers: 1, numHeads: 2, width: 8 });
  const session = await compileDecoder(nodeRuntime, model, wildWeights(model, seed), {
    threads: 1,
    spin: false,
  });
  return { name, session, tokenizer };
}

let [wide, narrow]: Contender[] = [];
beforeAll(async () => {
  [wide, narrow] = [await contender("wide", 1, 200), await contender("narrow", 2, 40)];
});

async function run(
  models: readonly [Contender, Contender],
  ...prompts: Prompt["prompt"][]
): Promise<Comparison[]> {
  async function* source() {
    for (const [i, prompt] of prompts.entries()) yield { prompt, source: `p.txt:${i + 1}` };
  }
  const results: Comparison[] = [];
  for await (const result of compare(models, source(), settings)) results.push(result);
  return results;
}

describe("two models on the same prompts", () => {
  it("write each what it writes alone, with the same seed for both and for every prompt", async () => {
    const [first, second] = await run([wide, narrow], "The sea", "The land");
    for (const [prompt, { answers }] of [
      ["The sea", first],
      ["The land", second],
    ] as const) {
      for (const [i, { session }] of [wide, narrow].entries()) {
        const [{ text, tokenCount, finishReason }] = await generate(session, tokenizer, {
          ...settings,
          prompts: [prompt],
        });
        expect(answers[i]).toMatchObject({ text, tokenCount, finishReason });
        expect(answers[i].tokensPerSecond).toBeGreaterThan(0);
      }
    }
    expect(first.answers[0].text).not.toBe(first.answers[1].text);
    expect(first).toMatchObject({ prompt: "The sea", source: "p.txt:1" });
    const [{ answers }] = await run([wide, wide], "The sea");
    expect(answers[0].text).toBe(answers[1].text);
  });

  it("answer a conversation as their own chat template writes it", async () => {
    const shouting = Object.create(tokenizer, {
      config: { value: { chat_template: "{{ messages[0].content | upper }}!" } },
    }) as Tokenizer;
    const [{ answers }] = await run(
      [wide, { ...wide, tokenizer: shouting }],
      [{ role: "user", content: "Why?" }],
    );
    const written = async (prompt: string) =>
      (await generate(wide.session, tokenizer, { ...settings, prompts: [prompt] }))[0].text;
    expect(answers[0].text).toBe(await written("<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n"));
    expect(answers[1].text).toBe(await written("WHY?!"));
  });

  it("stop at a model's own end tokens", async () => {
    const [{ answers }] = await run([wide, wide], "The sea");
    const [{ tokens: ids }] = await generate(wide.session, tokenizer, { ...settings, prompts: ["The sea"] });
    const [{ answers: cut }] = await run([wide, { ...wide, endTokens: [ids[3]] }], "The sea");
    expect(cut[1].finishReason).toBe("end");
    expect(cut[1].tokenCount).toBe(ids.indexOf(ids[3]));
    expect(cut[0]).toMatchObject({ text: answers[0].text, finishReason: "length" });
  });

  it("refuse a prompt that one of them cannot hold, with both numbers", () =>
    expect(run([wide, narrow], "a", "b".repeat(41))).rejects.toThrow(/p\.txt:2: 41 tokens for 40 of narrow/));
});
