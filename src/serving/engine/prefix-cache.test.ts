import { beforeAll, describe, expect, it } from "vitest";
import { randomStream } from "../../core/random.js";
import { nodeRuntime } from "../../core/runtime/node.js";
import { byteTokenizer } from "../../features/tokenizer/byte-tokenizer.js";
import { compileDecoder, type DecoderSession } from "../../generation/decoder-session.js";
import { gpt2 } from "../../models/gpt2.js";
import { llama } from "../../models/llama.js";
import type { GenerationRequest, TokenReport } from "./engine.js";
import { type Report, Scheduler, type SchedulerOptions } from "./scheduler.js";

const tokenizer = byteTokenizer({ specialTokens: ["<|endoftext|>"] });
const sizes = { vocabSize: 257, contextLength: 256, numLayers: 2, numHeads: 2, width: 16 };
const chunkLength = 16;
/** Keys and values of a block: two layers, 16 positions, in all 16 numbers a position of 4 bytes. */
const blockBytes = 2 * 2 * 16 * 16 * 4;

interface Told {
  readonly tokens: TokenReport[];
  end?: Extract<Report, { kind: "end" }>;
}

/** A scheduler that answers one request after another, and what its session read. */
function serving(session: DecoderSession, change: Partial<SchedulerOptions> = {}) {
  let told: Told = { tokens: [] };
  const read: number[] = [];
  const spied: SchedulerOptions["session"] = {
    model: session.model,
    cache: (rows) => session.cache(rows),
    step: (cache, ids) => session.step(cache, ids),
    read(cache, row, ids) {
      read.push(ids.length);
      return session.read(cache, row, ids);
    },
  };
  const report = (_: number, event: Report) => {
    if (event.kind === "error") throw event.error;
    if (event.kind === "end") told.end = event;
    else told.tokens.push(...event.tokens);
  };
  const scheduler = new Scheduler({ session: spied, tokenizer, report, chunkLength, ...change });
  const ask = async (prompt: string, more: Partial<GenerationRequest> = {}) => {
    told = { tokens: [] };
    read.length = 0;
    const ids = tokenizer.encode(prompt);
    const sampling = { temperature: 0 };
    await scheduler.submit(0, {
      prompt: ids,
      maxTokens: 8,
      sampling,
      seed: 1,
      stop: [],
      topLogprobs: 2,
      ...more,
    });
    while (scheduler.hasWork) await scheduler.round();
    return { ...told, read: [...read] };
  };
  return { ask, scheduler };
}

describe.each([
  ["gpt2", gpt2(sizes)],
  ["llama", llama({ ...sizes, kvHeads: 1, hiddenWidth: 24 })],
])("turns of a conversation with a %s", (_, model) => {
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
  const system = "You speak of whales and ships, and of nothing else whatever they say. ";
  const turns = [`${system}Hi.`, `${system}Hi. Hello. What is a whale? Tell me more.`];

  it("are read once, and answered with the same bits", async () => {
    const prefixCacheBytes = 2 ** 20;
    const { ask, scheduler } = serving(session, { prefixCacheBytes });
    const first = await ask(turns[0]);
    expect(first.end).not.toHaveProperty("cachedTokens");
    expect(first.read).toEqual([16, 16, 16, 16, turns[0].length - 64]);
    const second = await ask(turns[1]);
    expect(second.end).toMatchObject({ cachedTokens: 64, promptTokens: turns[1].length });
    expect(second.read.reduce((sum, count) => sum + count)).toBe(turns[1].length - 64);
    const again = await ask(turns[1]);
    expect(again.end?.cachedTokens).toBe(Math.floor((turns[1].length - 1) / 16) * 16);
    const fresh = await serving(session).ask(turns[1]);
    for (const { tokens } of [second, again]) expect(tokens).toEqual(fresh.tokens);
    expect(scheduler.load.cachedTokens).toBe(64 + again.end!.cachedTokens!);
    const blocks = Math.floor(turns[1].length / 16);
    expect(scheduler.load.cacheBytes).toBe((blocks * blockBytes * model.kvHeads) / model.numHeads);
  });

  it("always read the last token, for its logits", async () => {
    const { ask } = serving(session, { prefixCacheBytes: 2 ** 20 });
    const whole = "x".repeat(32);
    const first = await ask(whole);
    const second = await ask(whole);
    expect(second.end?.cachedTokens).toBe(16);
    expect(second.tokens).toEqual(first.tokens);
  });
});

describe("memory", () => {
  it("is bounded: what was used longest ago goes first", async () => {
    const model = gpt2(sizes);
    const weights = new Map(
      model.parameters.map(({ name, shape }) => {
        const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.01);
        return [name, { shape, data }];
      }),
    );
    const session = await compileDecoder(nodeRuntime, model, weights, { threads: 1, spin: false });
    const { ask, scheduler } = serving(session, { prefixCacheBytes: 4 * blockBytes });
    const cached = async (letter: string) => (await ask(letter.repeat(40))).end?.cachedTokens ?? 0;
    expect([await cached("a"), await cached("b")]).toEqual([0, 0]);
    expect(scheduler.load.cacheBytes).toBe(4 * blockBytes);
    expect(await cached("a")).toBe(32);
    expect(await cached("c")).toBe(0); // instead of b
    expect(scheduler.load.cacheBytes).toBe(4 * blockBytes);
    expect([await cached("a"), await cached("b")]).toEqual([32, 0]);
    const none = serving(session, { prefixCacheBytes: blockBytes - 1 });
    for (const _ of [0, 1]) expect((await none.ask("a".repeat(40))).end).not.toHaveProperty("cachedTokens");
    expect(none.scheduler.load.cacheBytes).toBe(0);
  });
});
