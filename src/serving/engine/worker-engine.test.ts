import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { randomStream } from "../../core/random.js";
import { nodeRuntime } from "../../core/runtime/node.js";
import { byteTokenizer } from "../../features/tokenizer/byte-tokenizer.js";
import { openFolder } from "../../files/disk.js";
import { compileDecoder } from "../../generation/decoder-session.js";
import { compileEmbedder } from "../../generation/embedder.js";
import { generate } from "../../generation/generate.js";
import { mergeAdapter, type SavedAdapter, saveAdapter } from "../../interop/adapter.js";
import { type SavedModel, saveModel } from "../../interop/model-folder.js";
import { gpt2 } from "../../models/gpt2.js";
import { linearLayers, loraParameters } from "../../nn/lora.js";
import { ServingError } from "../errors.js";
import { type GenerationEvent, type GenerationRequest, RequestError } from "./engine.js";
import { type EngineOptions, startEngine, type WorkerEngine } from "./worker-engine.js";

const folder = mkdtempSync(join(tmpdir(), "autodidact-test-"));
const tokenizer = byteTokenizer({ specialTokens: ["<|endoftext|>"] });
const model = gpt2({ vocabSize: 257, contextLength: 512, numLayers: 3, numHeads: 4, width: 128 });
const weights: SavedModel["weights"] = new Map(
  model.parameters.map(({ name, shape }) => {
    const stream = randomStream(3, name);
    const length = shape.reduce((a, b) => a * b, 1);
    return [name, { shape, data: Float32Array.from({ length }, () => stream.normal() * 0.1) }];
  }),
);
/** A LoRA adapter that changes every layer. */
const lora = { rank: 2, alpha: 4 };
const adapter: SavedAdapter["weights"] = new Map(
  loraParameters(linearLayers(model.parameters), lora).map(({ name, shape }) => {
    const stream = randomStream(8, name);
    return [
      name,
      { shape, data: Float32Array.from({ length: shape[0] * shape[1] }, () => stream.normal() * 0.2) },
    ];
  }),
);
const options = { folder: join(folder, "model"), threads: 1, adapters: { pirate: join(folder, "pirate") } };

const request = (prompt: string, change: Partial<GenerationRequest> = {}): GenerationRequest => ({
  prompt: tokenizer.encode(prompt),
  maxTokens: 20,
  sampling: { temperature: 1, topK: 40 },
  seed: 5,
  stop: [],
  ...change,
});

async function textOf(events: AsyncIterable<GenerationEvent>): Promise<string> {
  let text = "";
  for await (const event of events) if (event.kind === "text") text += event.text;
  return text;
}

beforeAll(async () => {
  await saveModel(openFolder(options.folder), {
    model,
    weights,
    tokenizer,
    generation: { temperature: 0.5 },
  });
  await saveAdapter(openFolder(options.adapters.pirate), { lora, base: "x", weights: adapter }, model);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("an engine in a thread", () => {
  let engine: WorkerEngine;
  beforeAll(async () => {
    engine = await startEngine(options);
  });
  afterAll(() => engine.close(0));

  it("knows its model", () => {
    expect(engine.modelInfo).toEqual({
      contextLength: 512,
      vocabSize: 257,
      parameterCount: [...weights.values()].reduce((sum, { data }) => sum + data.length, 0),
      generation: { temperature: 0.5 },
      adapters: ["pirate"],
    });
    expect(engine.tokenizer.toJSON()).toEqual(tokenizer.toJSON());
    expect(engine.tokenizer.endOfText).toBe(256);
  });

  it("writes for several clients at once what the command line writes for each", async () => {
    const prompts = ["The sea", "x", "A whale", "1 2 3"];
    const session = await compileDecoder(nodeRuntime, model, weights, { threads: 1 });
    const texts = await Promise.all(prompts.map((prompt) => textOf(engine.generate(request(prompt)))));
    for (const [i, prompt] of prompts.entries()) {
      const settings = { ...request(prompt).sampling, maxTokens: 20, seed: 5 };
      const [{ text }] = await generate(session, tokenizer, { ...settings, prompts: [prompt] });
      expect(texts[i]).toBe(text);
    }
    const { active, waiting, promptTokens, completionTokens } = engine.load();
    expect([active, waiting, promptTokens]).toEqual([0, 0, prompts.join("").length]);
    expect(completionTokens).toBeGreaterThan(20);
  });

  it("writes with the adapter that each request names", async () => {
    const merged = mergeAdapter(model, weights, { lora, weights: adapter });
    const session = await compileDecoder(nodeRuntime, model, merged, { threads: 1 });
    const settings = { maxTokens: 20, temperature: 0 };
    const [adapted] = await generate(session, tokenizer, { ...settings, prompts: ["The sea"] });
    const greedy = request("The sea", { sampling: { temperature: 0 } });
    const [plain, pirate] = await Promise.all(
      [greedy, { ...greedy, adapter: "pirate" }].map((asked) => textOf(engine.generate(asked))),
    );
    expect(pirate).toBe(adapted.text);
    expect(plain).not.toBe(pirate);
  });

  it("writes JSON that a schema allows", async () => {
    const jsonSchema = { type: "object", properties: { age: { type: "integer" } }, required: ["age"] };
    const text = await textOf(engine.generate(request("{", { jsonSchema, maxTokens: 400 })));
    expect(JSON.parse(text)).toEqual({ age: expect.any(Number) });
    const wrong = textOf(engine.generate(request("x", { jsonSchema: { type: "nonsense" } })));
    await expect(wrong).rejects.toThrow(RequestError);
  });

  it("embeds, also while it writes, and refuses a text that it cannot", async () => {
    const ids = tokenizer.encode("call me Ishmael ".repeat(20));
    const writing = textOf(engine.generate(request("The sea", { maxTokens: 40 })));
    const embedder = await compileEmbedder(nodeRuntime, model, weights, { threads: 1 });
    expect(await engine.embed(ids)).toEqual(await embedder.embed(ids));
    await expect(engine.embed(new Int32Array())).rejects.toThrow(RequestError);
    await expect(engine.embed(new Int32Array(513))).rejects.toThrow(/513 tokens, of at most 512/);
    const reason = new Error("enough");
    await expect(engine.embed(ids, AbortSignal.abort(reason))).rejects.toThrow(reason);
    await writing;
  });

  it("leaves this thread free while it computes", async () => {
    let turns = 0;
    let isOver = false;
    const turn = () => {
      turns++;
      if (!isOver) setImmediate(turn);
    };
    turn();
    await textOf(engine.generate(request("a".repeat(400), { maxTokens: 10 })));
    isOver = true;
    // Computed here, each of its 4 chunks and 9 steps would let this thread turn a few times.
    expect(turns).toBeGreaterThan(500);
  });

  it("ends a text when its signal is aborted or its reader leaves, and others go on", async () => {
    const long = request("The sea", { maxTokens: 400, sampling: { temperature: 0 } });
    const other = textOf(engine.generate(request("x", { maxTokens: 60 })));
    const before = engine.load().completionTokens;
    const control = new AbortController();
    const reading = (async () => {
      for await (const event of engine.generate(long, control.signal)) {
        if (event.kind === "text") control.abort(new Error("client has gone"));
      }
    })();
    await expect(reading).rejects.toThrow("client has gone");
    for await (const event of engine.generate(long)) if (event.kind === "text") break;
    await expect(textOf(engine.generate(long, AbortSignal.abort(new Error("before"))))).rejects.toThrow(
      "before",
    );
    expect((await other).length).toBeGreaterThan(0);
    expect(engine.load()).toMatchObject({ active: 0, waiting: 0 });
    expect(engine.load().completionTokens - before).toBeLessThan(400);
  });

  it("does not wait for a slow reader, who misses nothing", async () => {
    const slow = engine.generate(request("The sea"))[Symbol.asyncIterator]();
    const first = await slow.next();
    for (let i = 0; i < 3; i++) await textOf(engine.generate(request("x")));
    expect(engine.load()).toMatchObject({ active: 0, waiting: 0 });
    let text = first.value?.kind === "text" ? first.value.text : "";
    for (let next = await slow.next(); !next.done; next = await slow.next()) {
      if (next.value.kind === "text") text += next.value.text;
    }
    expect(text).toBe(await textOf(engine.generate(request("The sea"))));
  });

  it("says what is wrong with a request, and takes the next", async () => {
    const wrong = textOf(engine.generate(request("x", { maxTokens: 600 })));
    await expect(wrong).rejects.toThrow(RequestError);
    await expect(wrong).rejects.toThrow(/1 tokens and up to 600 more, of at most 512/);
    await expect(textOf(engine.generate(request("x", { adapter: "parrot" })))).rejects.toThrow(/parrot/);
    expect(await textOf(engine.generate(request("x")))).not.toBe("");
  });

  it("breaks off what takes too long when it is closed", async () => {
    const text = textOf(engine.generate(request("x", { maxTokens: 500, sampling: { temperature: 0 } })));
    const refused = expect(text).rejects.toThrow(/engine is closed/);
    await engine.close(0);
    await refused;
  });
});

describe("an engine that ends", () => {
  it("finishes what it has begun, and takes nothing new", async () => {
    const engine = await startEngine({ ...options, maxActive: 1 });
    const texts = [1, 2, 3].map((seed) => textOf(engine.generate(request("x", { seed }))));
    expect(engine.load()).toMatchObject({ active: 0, waiting: 3 });
    const closing = engine.close(60_000);
    await expect(textOf(engine.generate(request("x")))).rejects.toThrow(/engine is closed/);
    await expect(engine.embed(tokenizer.encode("x"))).rejects.toThrow(ServingError);
    await closing;
    expect((await Promise.all(texts)).every((text) => text.length > 0)).toBe(true);
    await engine.close();
  });

  it.each<[string, (engine: WorkerEngine) => unknown, RegExp]>([
    ["its thread ends", (engine) => engine.thread.postMessage({ kind: "close" }), /thread has ended/],
    ["its thread throws", (engine) => engine.thread.postMessage(null), /thread failed[\s\S]*TypeError/],
  ])("says so to all who wait and to all who come when %s", async (_, end, message) => {
    const engine = await startEngine(options);
    const control = new AbortController();
    const asked = [
      textOf(engine.generate(request("x", { maxTokens: 500 }))),
      textOf(engine.generate(request("y", { maxTokens: 500 }), control.signal)),
      engine.embed(tokenizer.encode("x".repeat(500))),
    ].map((answer) => expect(answer).rejects.toThrow(message));
    end(engine);
    await Promise.all(asked);
    control.abort();
    await expect(textOf(engine.generate(request("x")))).rejects.toThrow(ServingError);
    await expect(engine.embed(tokenizer.encode("x"))).rejects.toThrow(message);
    expect(engine.load()).toMatchObject({ active: 0, waiting: 0 });
    await engine.close();
  });
});

describe("an engine that does not start", () => {
  it("says why", async () => {
    const mute = join(folder, "mute");
    await saveModel(openFolder(mute), { model, weights });
    const cases: [Partial<EngineOptions>, RegExp][] = [
      [{ folder }, /neither a model nor a run/],
      [{ folder: mute }, /no tokenizer/],
      [{ adapters: { parrot: join(folder, "parrot") } }, /neither a model nor a run/],
    ];
    await Promise.all(
      cases.map(async ([wrong, message]) => {
        const starting = startEngine({ ...options, ...wrong });
        await expect(starting).rejects.toThrow(ServingError);
        await expect(starting).rejects.toThrow(message);
      }),
    );
  });
});
