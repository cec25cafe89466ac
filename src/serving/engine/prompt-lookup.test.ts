/** What guesses change: how often the model runs, and nothing of what it says. */
import { beforeAll, describe, expect, it } from "vitest";
import { randomStream } from "../../core/random.js";
import { nodeRuntime } from "../../core/runtime/node.js";
import { byteTokenizer } from "../../features/tokenizer/byte-tokenizer.js";
import { compileDecoder, type DecoderSession } from "../../generation/decoder-session.js";
import { PromptLookup } from "../../generation/prompt-lookup.js";
import { gpt2 } from "../../models/gpt2.js";
import { llama } from "../../models/llama.js";
import type { GenerationRequest, TokenReport } from "./engine.js";
import { type Report, Scheduler, type SchedulerOptions } from "./scheduler.js";

describe("guesses", () => {
  it("are what followed the same tokens last", () => {
    const lookup = new PromptLookup();
    expect(lookup.guess([1, 2, 3, 4, 5, 6, 1, 2, 9, 8, 1, 2], 9)).toEqual([9, 8, 1, 2]);
    expect(lookup.guess([1, 2, 3, 9, 2, 3, 8, 1, 2, 3], 9)).toEqual([9, 2, 3, 8]); // three match, not two
    expect(lookup.guess([1, 2, 3, 4], 9)).toEqual([]);
    expect(lookup.guess([1, 2, 3, 1, 2], 1)).toEqual([3]);
    expect(lookup.guess([1, 2, 3, 1, 2], 0)).toEqual([]);
  });

  it("grow while they are right, and pause while they are not", () => {
    const ids = Array.from({ length: 40 }, (_, i) => i % 10);
    const lookup = new PromptLookup();
    lookup.learn(4, 4);
    expect(lookup.guess(ids, 20)).toHaveLength(8);
    lookup.learn(8, 1);
    expect(lookup.guess(ids, 20)).toHaveLength(2);
    const pauses = Array.from({ length: 9 }, () => {
      lookup.learn(2, 0);
      let pause = 0;
      while (lookup.guess(ids, 20).length === 0) pause++;
      return pause;
    });
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 64, 64, 64]);
  });
});

const tokenizer = byteTokenizer({ specialTokens: ["<|endoftext|>"] });
const sizes = { vocabSize: 257, contextLength: 256, numLayers: 2, numHeads: 2, width: 16 };

async function written(session: DecoderSession, guessing: boolean, requests: readonly GenerationRequest[]) {
  const told = requests.map(() => ({
    text: "",
    tokens: [] as TokenReport[],
    last: undefined as Report | undefined,
  }));
  let runs = 0;
  const counted: SchedulerOptions["session"] = {
    model: session.model,
    cache: (rows) => session.cache(rows),
    read: (cache, row, ids) => session.read(cache, row, ids),
    step(cache, ids) {
      runs++;
      return session.step(cache, ids);
    },
    ...(guessing && {
      readAll(cache, row, ids) {
        runs++;
        return session.readAll(cache, row, ids);
      },
    }),
  };
  const report = (id: number, event: Report) => {
    if (event.kind !== "text") told[id].last = event;
    else {
      told[id].text += event.text;
      told[id].tokens.push(...event.tokens);
    }
  };
  const scheduler = new Scheduler({ session: counted, tokenizer, report });
  for (const [id, request] of requests.entries()) {
    await scheduler.submit(id, request);
    for (let round = 0; round < 20; round++) await scheduler.round();
  }
  while (scheduler.hasWork) await scheduler.round();
  return { told, runs, guessed: scheduler.load.guessedTokens };
}

describe.each([
  ["gpt2", gpt2(sizes)],
  ["llama", llama({ ...sizes, kvHeads: 2, hiddenWidth: 24 })],
])("a %s that is guessed ahead of", (_, model) => {
  let session: DecoderSession;
  beforeAll(async () => {
    const weights = new Map(
      model.parameters.map(({ name, shape }) => {
        const stream = randomStream(3, name);
        const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).map(() => stream.normal() / 2);
        return [name, { shape, data }];
      }),
    );
    session = await compileDecoder(nodeRuntime, model, weights, { threads: 1, spin: false });
  });
  const asked = (temperature: number, seed: number, change: Partial<GenerationRequest> = {}) => ({
    ...{
      prompt: tokenizer.encode("The whale and the ship. "),
      maxTokens: 120,
      seed,
      stop: [],
      topLogprobs: 0,
    },
    sampling: { temperature, topK: temperature > 0 ? 2 : undefined },
    ...change,
  });

  it.each([0, 0.1, 1])("says what it would say: temperature %f", async (temperature) => {
    let saved = 0;
    for (const seed of [1, 2, 3]) {
      const requests = [asked(temperature, seed)];
      const [plain, guessing] = [
        await written(session, false, requests),
        await written(session, true, requests),
      ];
      expect(guessing.told.map(({ text, last }) => [text, last])).toEqual(
        plain.told.map(({ text, last }) => [text, last]),
      );
      const ids = (run: typeof plain) => run.told[0].tokens.map(({ id }) => id);
      expect(ids(guessing)).toEqual(ids(plain));
      for (const [i, { logprob }] of guessing.told[0].tokens.entries()) {
        expect(logprob).toBeCloseTo(plain.told[0].tokens[i].logprob!, 4);
      }
      expect(plain.runs - guessing.runs).toBe(guessing.guessed);
      saved += guessing.guessed!;
    }
    if (temperature === 0) expect(saved).toBeGreaterThan(100); // greedy texts of random weights go round in circles
  });

  it("stops where it would stop, and writes on beside others that come", async () => {
    const first = await written(session, false, [asked(0, 1)]);
    const stop = [first.told[0].text.slice(70, 73)];
    const requests = [asked(0, 1, { stop }), asked(0, 1), asked(0, 2, { maxTokens: 33 })];
    const [plain, guessing] = [
      await written(session, false, requests),
      await written(session, true, requests),
    ];
    expect(guessing.told.map(({ text, last }) => [text, last])).toEqual(
      plain.told.map(({ text, last }) => [text, last]),
    );
    expect(guessing.guessed).toBeGreaterThan(0);
  });
});
