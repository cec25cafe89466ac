import { beforeAll, describe, expect, it, vi } from "vitest";
import { randomStream } from "../../core/random.js";
import { nodeRuntime } from "../../core/runtime/node.js";
import { byteTokenizer } from "../../features/tokenizer/byte-tokenizer.js";
import { compileDecoder, type DecoderSession } from "../../generation/decoder-session.js";
import { generate } from "../../generation/generate.js";
import type { CompileConstraint } from "../../generation/grammar/constraint.js";
import type { KvCache } from "../../generation/kv-cache.js";
import type { Decoder } from "../../models/decoder.js";
import { gpt2 } from "../../models/gpt2.js";
import { llama } from "../../models/llama.js";
import { type GenerationRequest, RequestError, type TokenReport } from "./engine.js";
import { type Report, Scheduler, type SchedulerOptions } from "./scheduler.js";

const tokenizer = byteTokenizer({ specialTokens: ["<|endoftext|>", "<|im_start|>", "<|im_end|>"] });
const sizes = { vocabSize: 260, contextLength: 64, numLayers: 2, numHeads: 2, width: 16 };
const quiet = { threads: 1, spin: false };

/** Random weights, large enough that no distribution is flat. */
function wild(model: Decoder): Promise<DecoderSession> {
  const weights = new Map(
    model.parameters.map(({ name, shape }) => {
      const stream = randomStream(3, name);
      const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
      for (let i = 0; i < data.length; i++) data[i] = stream.normal() * 0.5;
      return [name, { shape, data }];
    }),
  );
  return compileDecoder(nodeRuntime, model, weights, quiet);
}

const request = (prompt: string, change: Partial<GenerationRequest> = {}): GenerationRequest => ({
  prompt: tokenizer.encode(prompt),
  maxTokens: 20,
  sampling: { temperature: 0 },
  seed: 1,
  stop: [],
  ...change,
});

/** Everything that was said about one request. */
interface Told {
  text: string;
  tokens: TokenReport[];
  last?: Report;
}

/** What must be the same; log-probabilities may differ in their last bits. */
const said = ({ text, last }: Told) => [text, last];

/** A scheduler with what it says, and what its session is asked. */
function scheduled(session: DecoderSession, change: Partial<SchedulerOptions> = {}) {
  const told: Told[] = [];
  const calls: string[] = [];
  const caches: KvCache[] = [];
  const spied: SchedulerOptions["session"] = {
    model: session.model,
    cache(rows) {
      caches.push(session.cache(rows));
      return caches[caches.length - 1];
    },
    read(cache, row, ids) {
      calls.push(`read ${ids.length}`);
      return session.read(cache, row, ids);
    },
    step(cache, ids) {
      calls.push(`step ${ids.length}`);
      return session.step(cache, ids);
    },
    ...(change.prefixCacheBytes && { readAll: (...args) => session.readAll(...args) }),
  };
  const report = (id: number, event: Report) => {
    told[id] ??= { text: "", tokens: [] };
    expect(told[id].last).toBeUndefined();
    if (event.kind !== "text") {
      told[id].last = event;
      return;
    }
    expect(event.text.length + event.tokens.length).toBeGreaterThan(0);
    told[id].text += event.text;
    told[id].tokens.push(...event.tokens);
  };
  const scheduler = new Scheduler({ session: spied, tokenizer, report, ...change });
  const finish = async () => {
    while (scheduler.hasWork) await scheduler.round();
    return told;
  };
  return { scheduler, told, calls, caches, finish };
}

async function alone(session: DecoderSession, asked: GenerationRequest): Promise<Told> {
  const { scheduler, finish } = scheduled(session);
  await scheduler.submit(0, asked);
  return (await finish())[0];
}

describe.each([
  ["gpt2", gpt2(sizes)],
  ["llama", llama({ ...sizes, kvHeads: 1, hiddenWidth: 24, qkNorm: true })],
] as const)("texts of a %s that are written together", (_, model) => {
  let session: DecoderSession;
  beforeAll(async () => {
    session = await wild(model);
  });
  const prompts = ["The sea", "x", "A longer prompt than others", "海", "The sea", "1 2 3", "the", "Ahab"];
  const asked = (temperature: number) =>
    prompts.map((prompt, i) =>
      request(prompt, {
        maxTokens: 5 + 4 * i,
        seed: 7 + i,
        sampling: { temperature, topK: i % 2 ? 20 : undefined, topP: i % 3 ? 0.95 : undefined },
        topLogprobs: 2,
      }),
    );

  it.each([0, 1])("are what each is alone, whenever they come: temperature %i", async (temperature) => {
    const requests = asked(temperature);
    const single: Told[] = [];
    for (const one of requests) single.push(await alone(session, one));
    for (const [i, stopped] of [2, 5, 7].entries()) {
      // A stop string of two characters from the middle of what it writes.
      const characters = [...single[stopped].text];
      requests[stopped] = { ...requests[stopped], stop: [characters.slice(3 + i, 5 + i).join("")] };
      single[stopped] = await alone(session, requests[stopped]);
      expect(single[stopped].last).toMatchObject({ finishReason: "stop" });
    }
    const { scheduler, finish, told, calls } = scheduled(session);
    for (const [i, one] of requests.entries()) {
      await scheduler.submit(i, one);
      for (let round = 0; round < i % 3; round++) await scheduler.round();
    }
    await finish();
    expect(told.map(said)).toEqual(single.map(said));
    expect(calls.some((call) => Number(call.split(" ")[1]) >= 4)).toBe(true);
    const gaps = single.flatMap(({ tokens }) => tokens.map(({ top }) => top[0].logprob - top[1].logprob));
    // A batch's logits differ in their last bits, some 1e-6: that decides nothing here.
    if (temperature === 0) expect(Math.min(...gaps)).toBeGreaterThan(1e-4);
  });

  it("are what the command line writes", async () => {
    const settings = { temperature: 1, topK: 30 };
    const [theirs] = await generate(session, tokenizer, {
      ...settings,
      prompts: ["The sea"],
      maxTokens: 30,
      seed: 4,
    });
    const ours = await alone(session, request("The sea", { maxTokens: 30, sampling: settings, seed: 4 }));
    expect(ours.text).toBe(theirs.text.replace(/<\|im_\w+\|>/g, ""));
    expect(ours.last).toMatchObject({ completionTokens: theirs.tokenCount });
  });

  it("end between two tokens when they are cancelled, and the others go on", async () => {
    const requests = asked(1);
    const single = await Promise.all([alone(session, requests[6]), alone(session, requests[7])]);
    const { scheduler, finish, told, calls, caches } = scheduled(session);
    for (const i of [5, 6, 7]) await scheduler.submit(i, requests[i]);
    for (let round = 0; round < 5; round++) await scheduler.round();
    expect(scheduler.load).toMatchObject({ active: 3, waiting: 0 });
    scheduler.cancel(5);
    await scheduler.submit(4, requests[4]); // cancelled while it waits
    scheduler.cancel(4);
    const before = told[5].text;
    calls.length = 0;
    await scheduler.round();
    expect(calls).toEqual(["step 2"]);
    expect(scheduler.load).toMatchObject({ active: 2, waiting: 0 });
    await finish();
    expect([told[5].text, told[5].last]).toEqual([before, undefined]);
    expect(told[4]).toBeUndefined();
    expect([told[6], told[7]].map(said)).toEqual(single.map(said));
    expect(caches.map((cache) => cache.rows)).toEqual([0, 0]);
  });

  it("have the log-probabilities that the whole text gives them", async () => {
    const asks = request("The sea", { maxTokens: 8, seed: 3, sampling: { temperature: 1 }, topLogprobs: 4 });
    const { tokens } = await alone(session, asks);
    expect(tokens.length).toBe(8);
    const ids = [...asks.prompt];
    for (const { id, logprob, top } of tokens) {
      const logits = await session.read(session.cache(1), 0, ids);
      const logSum = Math.log(logits.reduce((sum, v) => sum + Math.exp(v), 0));
      // Float32 logits of a step and of a whole text differ in their last bits.
      expect(logprob).toBeCloseTo(logits[id] - logSum, 4);
      const known = Array.from(logits.subarray(0, tokenizer.vocabSize), (v, i) => ({
        id: i,
        logprob: v - logSum,
      }));
      const likeliest = known.sort((a, b) => b.logprob - a.logprob).slice(0, 4);
      expect(top.map((token) => token.id)).toEqual(likeliest.map((token) => token.id));
      for (const [i, token] of top.entries()) expect(token.logprob).toBeCloseTo(likeliest[i].logprob, 4);
      ids.push(id);
    }
  });

  it("begin with their prompt where that is asked for, each of its tokens with its log-probability", async () => {
    const prompt = "The sea and the whale";
    const asks = request(prompt, { maxTokens: 6, topLogprobs: 3 });
    const plain = await alone(session, asks);
    const { scheduler, finish } = scheduled(session, { chunkLength: 8, prefixCacheBytes: 2 ** 20 });
    // Of three, two after each other with a beginning that was read before; the last writes nothing.
    for (const [i, maxTokens] of [6, 6, 0].entries())
      await scheduler.submit(i, { ...asks, echo: true, maxTokens });
    const told = await finish();
    for (const { text, tokens, last } of told.slice(0, 2)) {
      expect(text).toBe(prompt + plain.text);
      expect(last).toEqual(plain.last);
      const [first, ...others] = tokens;
      expect(first).toEqual({ id: asks.prompt[0], logprob: null, top: [] });
      expect(others.map(({ id }) => id)).toEqual([
        ...asks.prompt.subarray(1),
        ...plain.tokens.map(({ id }) => id),
      ]);
      for (const [i, { id, logprob, top }] of others.entries()) {
        const ids = [...asks.prompt, ...plain.tokens.map(({ id }) => id)].slice(0, i + 1);
        const logits = await session.read(session.cache(1), 0, ids);
        const logSum = Math.log(logits.reduce((sum, v) => sum + Math.exp(v), 0));
        expect(logprob).toBeCloseTo(logits[id] - logSum, 4);
        expect(top).toHaveLength(3);
        expect(top[0].logprob).toBeGreaterThanOrEqual(logprob! - 1e-6);
      }
    }
    expect(told[2]).toMatchObject({ text: prompt, last: { finishReason: "length", completionTokens: 0 } });
    expect(told[2].tokens).toEqual(told[0].tokens.slice(0, asks.prompt.length));
  });

  it("begin with their prompt without log-probabilities, also where nothing else is asked for", async () => {
    const silent = await alone(session, request("The sea", { maxTokens: 0, echo: true }));
    expect(silent).toMatchObject({ text: "The sea", tokens: [], last: { completionTokens: 0 } });
    const { text } = await alone(session, request("The sea", { echo: true }));
    expect(text).toBe(`The sea${(await alone(session, request("The sea"))).text}`);
  });

  it("fill the context to its last place, and not beyond", async () => {
    const prompt = "a".repeat(60);
    const full = await alone(session, request(prompt, { maxTokens: 4 }));
    expect(full.last).toMatchObject({ finishReason: "length", promptTokens: 60, completionTokens: 4 });
    const over = await alone(session, request(prompt, { maxTokens: 5 }));
    expect(over.last).toMatchObject({
      kind: "error",
      error: { values: expect.stringMatching(/60 .* 5 .* 64/) },
    });
    const nothing = await alone(session, request("a".repeat(64), { maxTokens: 0 }));
    expect(nothing.last).toMatchObject({ finishReason: "length", promptTokens: 64, completionTokens: 0 });
  });
});

describe("a scheduler", () => {
  let session: DecoderSession;
  beforeAll(async () => {
    session = await wild(gpt2({ ...sizes, contextLength: 300 }));
  });

  it("takes a step of the others after every chunk of a long prompt", async () => {
    const { scheduler, finish, calls, told } = scheduled(session, { chunkLength: 50 });
    const prompt = "word ".repeat(45);
    const single = await alone(session, request(prompt));
    await scheduler.submit(0, request("short", { maxTokens: 30 }));
    await scheduler.round();
    calls.length = 0;
    await scheduler.submit(1, request(prompt));
    await finish();
    expect(calls.slice(0, 10)).toEqual([
      ...["read 50", "step 1", "read 50", "step 1", "read 50", "step 1", "read 50", "step 1"],
      ...["read 25", "step 2"],
    ]);
    expect(told[1].text).toBe(single.text);
  });

  it("reads a prompt in the same chunks whatever runs beside it", async () => {
    const { scheduler, finish, calls } = scheduled(session, { chunkLength: 50 });
    for (const i of [0, 1]) await scheduler.submit(i, request("w".repeat(120), { maxTokens: 1 }));
    await finish();
    expect(calls).toEqual(["read 50", "read 50", "read 20", "read 50", "read 50", "read 20"]);
  });

  it("writes so many at once, first come first served", async () => {
    const { scheduler, finish, calls, told } = scheduled(session, { maxActive: 2 });
    const order: number[] = [];
    for (let i = 0; i < 6; i++) await scheduler.submit(i, request("x", { maxTokens: 4 + i, topLogprobs: 0 }));
    expect(scheduler.load).toMatchObject({ active: 0, waiting: 6 });
    while (scheduler.hasWork) {
      await scheduler.round();
      const { active, waiting } = scheduler.load;
      expect(active).toBeLessThanOrEqual(2);
      for (const id of told.keys()) if (told[id] && !order.includes(id)) order.push(id);
      expect(order.length).toBe(6 - waiting);
    }
    await finish();
    expect(order).toEqual([0, 1, 2, 3, 4, 5]);
    expect(calls.some((call) => call === "step 2")).toBe(true);
    expect(calls.some((call) => call === "step 3")).toBe(false);
    expect(scheduler.load).toMatchObject({ active: 0, waiting: 0, promptTokens: 6, completionTokens: 39 });
  });

  it("works on and on in the same memory", async () => {
    const { scheduler, finish, caches, told } = scheduled(session, { maxActive: 8 });
    const held = () => caches.reduce((sum, { byteLength }) => sum + byteLength, 0);
    let most = 0;
    for (let i = 0; i < 200; i++) {
      await scheduler.submit(
        i,
        request("p".repeat(1 + ((i * 37) % 150)), { maxTokens: 1 + ((i * 11) % 20) }),
      );
      await scheduler.round();
      most = Math.max(most, held());
    }
    await finish();
    expect(told.every(({ last }) => last?.kind === "end")).toBe(true);
    const { numLayers, kvHeads, headWidth } = session.model;
    const row = 2 * 4 * numLayers * kvHeads * 256 * headWidth; // prompts and answers end below 256
    expect(caches.length).toBe(2);
    expect(most).toBeLessThanOrEqual(9 * row);
    expect(held()).toBeLessThanOrEqual(5 * row);
  });

  it("gives a failed step's error to those who were in it, and goes on", async () => {
    let isBroken = false;
    const fragile = Object.assign(Object.create(session), {
      step: (...args: Parameters<DecoderSession["step"]>) =>
        isBroken ? Promise.reject(new Error("out of memory")) : session.step(...args),
    });
    const { scheduler, finish, told } = scheduled(fragile);
    const single = await alone(session, request("The sea"));
    await scheduler.submit(0, request("lost"));
    await scheduler.round();
    isBroken = true;
    await scheduler.submit(1, request("lost too"));
    await scheduler.round();
    isBroken = false;
    await scheduler.submit(2, request("The sea"));
    await finish();
    for (const i of [0, 1]) expect(told[i].last).toMatchObject({ error: { message: "out of memory" } });
    expect(told[2]).toEqual(single);
    expect(scheduler.load).toMatchObject({ active: 0, waiting: 0 });
  });

  describe("without memory for more", () => {
    const full = () => {
      throw new RangeError("Array buffer allocation failed");
    };
    const lost = { kind: "error", error: { message: "Array buffer allocation failed" } };
    const prompt = "A prompt of several blocks";

    it.each<[string, (staged: KvCache, cache: KvCache) => void]>([
      ["to begin", (staged) => vi.spyOn(staged, "add").mockImplementationOnce(full)],
      ["for a known beginning", (staged) => vi.spyOn(staged, "append").mockImplementationOnce(full)],
      ["for a further row", (_, cache) => vi.spyOn(cache, "addCopy").mockImplementationOnce(full)],
    ])("%s it gives a request the error, and goes on", async (_, breakOnce) => {
      const { scheduler, finish, told, caches } = scheduled(session, {
        ...{ chunkLength: 8, prefixCacheBytes: 2 ** 20 },
      });
      await scheduler.submit(0, request(prompt));
      await finish();
      breakOnce(caches[0], caches[1]);
      await scheduler.submit(1, request(prompt));
      await scheduler.submit(2, request(prompt));
      await finish();
      expect(told[1].last).toMatchObject(lost);
      expect(told[0].last).toMatchObject({ kind: "end" });
      expect(said(told[2])).toEqual([told[0].text, { ...told[0].last, cachedTokens: 24 }]);
      expect(scheduler.load).toMatchObject({ active: 0, waiting: 0 });
    });

    it("to keep a beginning it answers all the same", async () => {
      const { scheduler, finish, told, caches } = scheduled(session, {
        ...{ chunkLength: 8, prefixCacheBytes: 2 ** 20 },
      });
      vi.spyOn(caches[0], "copy").mockImplementation(full);
      const single = await alone(session, request(prompt));
      await scheduler.submit(0, request(prompt));
      await finish();
      expect(told[0].text).toBe(single.text);
      expect(told[0].last).toMatchObject({ kind: "end" });
      expect(scheduler.load.cacheBytes).toBe(0);
    });
  });

  it.each<[Partial<GenerationRequest>, RegExp]>([
    [{ prompt: new Int32Array() }, /prompt is empty/],
    [{ prompt: Int32Array.of(3, 260) }, /id 260/],
    [{ prompt: Int32Array.of(-1) }, /id -1/],
    [{ maxTokens: -1 }, /maxTokens/],
    [{ maxTokens: Number.NaN }, /maxTokens/],
    [{ topLogprobs: 0.5 }, /topLogprobs/],
    [{ seed: 2 ** 60 }, /seed/],
    [{ stop: ["a", ""] }, /stop string is empty/],
    [{ sampling: { temperature: -1 } }, /temperature/],
    [{ adapter: "constructor" }, /no such adapter[\s\S]*pirate/],
    [{ jsonSchema: true }, /constrained/],
  ])("refuses %j, and the others do not notice", async (change, message) => {
    const { scheduler, finish, told } = scheduled(session, { adapters: ["pirate"] });
    await scheduler.submit(0, request("fine", { maxTokens: 2 }));
    await scheduler.submit(1, request("wrong", change));
    await finish();
    expect(told[1].last).toMatchObject({ error: { message: expect.stringMatching(message) } });
    expect((told[1].last as { error: Error }).error).toBeInstanceOf(RequestError);
    expect(told[0].last).toMatchObject({ finishReason: "length" });
  });
});

describe("a model that prefers some tokens", () => {
  /** A GPT-2 whose last norm ignores its input: everywhere the same logits, the earlier ids the higher. */
  function preferring(...ids: number[]): Promise<DecoderSession> {
    const model = gpt2({ ...sizes, contextLength: 16 });
    const weights = new Map(
      model.parameters.map(({ name, shape }) => [
        name,
        { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) },
      ]),
    );
    weights.get("transformer.ln_f.bias")!.data[0] = 1;
    for (const [i, id] of ids.entries()) weights.get("transformer.wte.weight")!.data[id * 16] = 9 - i;
    return compileDecoder(nodeRuntime, model, weights, quiet);
  }
  const three = request("a", { maxTokens: 3 });
  const end = (finishReason: string, completionTokens: number) => ({
    ...{ kind: "end", finishReason, promptTokens: 1, completionTokens },
  });

  it.each([
    ["the tokenizer's end of text", 256, undefined],
    ["the end of a turn in ChatML", 258, undefined],
    ["one that the model names", 65, [65]],
  ])("ends with %s, which is no part of the answer", async (_, id, endTokens) => {
    const { scheduler, finish } = scheduled(await preferring(id), { endTokens });
    await scheduler.submit(0, { ...three, topLogprobs: 1 });
    expect(await finish()).toEqual([{ text: "", tokens: [], last: end("stop", 0) }]);
  });

  it("leaves the text of other special tokens out, and ends where one is a stop string", async () => {
    const session = await preferring(257);
    expect(await alone(session, three)).toEqual({ text: "", tokens: [], last: end("length", 3) });
    const stopped = await alone(session, { ...three, stop: ["<|im_start|>"] });
    expect(stopped.last).toEqual(end("stop", 1));
  });

  it("never writes a token that the tokenizer lacks, and keeps half a character until the end", async () => {
    const { text } = await alone(await preferring(259, 0xe6), three);
    expect(text).toBe("\uFFFD\uFFFD"); // the last may have become a character
  });

  describe("under a constraint", () => {
    /** Allows one text, and counts how often it was let go. */
    function only(text: string) {
      const bytes = [...tokenizer.encode(text)];
      const counts = { compiled: 0, released: 0 };
      const compileConstraint: CompileConstraint = async () => {
        counts.compiled++;
        const left = [...bytes];
        return {
          mask(logits) {
            expect(logits.length).toBe(sizes.vocabSize);
            for (let id = 0; id < logits.length; id++)
              if (id !== left[0]) logits[id] = Number.NEGATIVE_INFINITY;
          },
          accept: (id) => expect(id).toBe(left.shift()),
          get isComplete() {
            return left.length === 0;
          },
          release: () => void counts.released++,
        };
      };
      return { counts, compileConstraint };
    }
    const json = { ...three, maxTokens: 9, jsonSchema: true as const };

    it("writes what the constraint lets it, to its end, beside a text without one", async () => {
      const { counts, compileConstraint } = only("{}");
      const { scheduler, finish } = scheduled(await preferring(65), { compileConstraint });
      await scheduler.submit(0, { ...json, topLogprobs: 1, sampling: { temperature: 1, topP: 0.9 } });
      await scheduler.submit(1, three);
      const [constrained, free] = await finish();
      expect([constrained.text, constrained.last]).toEqual(["{}", end("stop", 2)]);
      expect([free.text, free.last]).toEqual(["AAA", end("length", 3)]);
      // Probabilities are those of the model, not of what the constraint leaves.
      const logSum = Math.log(Math.exp(9) + 259);
      expect(constrained.tokens[0].logprob).toBeCloseTo(-logSum, 5);
      expect(constrained.tokens[0].top[0]).toMatchObject({ id: 65 });
      expect(counts).toEqual({ compiled: 1, released: 1 });
    });

    it("lets go of it once, also when the answer is cut or cancelled", async () => {
      const { counts, compileConstraint } = only("{}");
      const { scheduler, finish } = scheduled(await preferring(65), { compileConstraint });
      await scheduler.submit(0, { ...json, maxTokens: 1 });
      await scheduler.submit(1, json);
      const compiling = scheduler.submit(2, json);
      scheduler.cancel(2);
      await compiling;
      await scheduler.round();
      scheduler.cancel(1);
      const told = await finish();
      expect(told[0].last).toEqual(end("length", 1));
      expect(counts).toEqual({ compiled: 3, released: 3 });
      expect(scheduler.load).toMatchObject({ active: 0, waiting: 0 });
    });

    it("refuses a schema that no grammar expresses", async () => {
      const compileConstraint = () => Promise.reject(new RequestError("No.", "a schema", "Another."));
      const { scheduler, finish } = scheduled(await preferring(65), { compileConstraint });
      await scheduler.submit(0, json);
      expect((await finish())[0].last).toMatchObject({ kind: "error", error: { what: "No." } });
      expect(scheduler.load.waiting).toBe(0);
    });
  });
});
