import { beforeAll, describe, expect, it } from "vitest";
import { randomWeights } from "../../test/random-weights.js";
import { nodeRuntime } from "../core/runtime/node.js";
import { byteTokenizer } from "../features/tokenizer/byte-tokenizer.js";
import { trainCharacterTokenizer } from "../features/tokenizer/character-tokenizer.js";
import { tokenizerFromJson } from "../features/tokenizer/load-tokenizer.js";
import { surrounding } from "../features/tokenizer/post-processor.js";
import { TokenizerError } from "../features/tokenizer/tokenizer.js";
import { gemma3 } from "../models/gemma3.js";
import { gpt2 } from "../models/gpt2.js";
import { llama } from "../models/llama.js";
import { compileDecoder, type DecoderSession } from "./decoder-session.js";
import { GenerationError } from "./errors.js";
import { endTokensOf, type GenerateOptions, generate, windowStart } from "./generate.js";
import { jsonConstraints } from "./grammar/json-schema-constraint.js";

const tokenizer = byteTokenizer({ specialTokens: ["<|endoftext|>"] });
const sizes = { vocabSize: 260, contextLength: 16, numLayers: 2, numHeads: 4, width: 32 };

const sampled: Omit<GenerateOptions, "prompts"> = { maxTokens: 40, temperature: 1, topK: 20, seed: 7 };
const prompts = ["The sea", "", "A much longer prompt than the model can see", "x"];

describe.each([
  ["gpt2", gpt2(sizes)],
  ["llama", llama({ ...sizes, kvHeads: 2, hiddenWidth: 24, qkNorm: true })],
  ["gemma3", gemma3({ ...sizes, hiddenWidth: 24, slidingWindow: 3, globalLayers: [1] })],
] as const)("generate with %s", (_, model) => {
  let session: DecoderSession;
  beforeAll(async () => {
    session = await compileDecoder(nodeRuntime, model, randomWeights(model, { seed: 3, deviation: 0.5 }));
  });

  it("writes for several prompts what it writes for each alone, past the context too", async () => {
    const together = await generate(session, tokenizer, { ...sampled, temperature: 0, prompts });
    for (const [i, prompt] of prompts.entries()) {
      const [alone] = await generate(session, tokenizer, { ...sampled, temperature: 0, prompts: [prompt] });
      expect(together[i]).toEqual(alone);
    }
    expect(together.some(({ tokenCount }) => tokenCount > sizes.contextLength)).toBe(true);
  });

  it("gives the same for the same seed, something else for another, and longer texts begin alike", async () => {
    const texts = async (more: Partial<GenerateOptions>) =>
      (await generate(session, tokenizer, { ...sampled, prompts, ...more })).map((g) => [...g.tokens]);
    const first = await texts({});
    expect(await texts({})).toEqual(first);
    expect(await texts({ seed: 8 })).not.toEqual(first);
    const shorter = await texts({ maxTokens: 5 });
    expect(shorter).toEqual(first.map((tokens) => tokens.slice(0, 5)));
    const same = await texts({ prompts: ["The sea", "The sea"] });
    expect(same[0]).toEqual(first[0]);
    expect(same[1]).not.toEqual(same[0]);
  });

  it("continues from the token that the tokenizer puts before texts, as if the prompt had it", async () => {
    const begin = tokenizer.endOfText!;
    const json = { ...tokenizer.toJSON(), post_processor: surrounding({ before: ["<|endoftext|>", begin] }) };
    const beginning = tokenizerFromJson(json);
    const greedy = { ...sampled, temperature: 0 };
    const named = prompts.map((prompt) => `<|endoftext|>${prompt}`);
    const tokens = async (asked: readonly string[], own = beginning) =>
      (await generate(session, own, { ...greedy, prompts: asked })).map((text) => [...text.tokens]);
    expect(await tokens(prompts)).toEqual(await tokens(named, tokenizer));
    expect(await tokens(named)).toEqual(await tokens(named, tokenizer));
  });

  it("streams complete characters that add up to the text", async () => {
    const parts = prompts.map(() => [] as string[]);
    const onText = (index: number, text: string) => parts[index].push(text);
    const results = await generate(session, tokenizer, { ...sampled, prompts, onText });
    for (const [i, { text, tokens }] of results.entries()) {
      expect(parts[i].join("")).toBe(text);
      expect(parts[i].every((part) => part.length > 0)).toBe(true);
      const whole = tokenizer.decode(tokens);
      // Of a text that is cut, half a character is left out.
      expect([whole, whole.replace(/\uFFFD$/, "")]).toContain(text);
    }
  });

  it("ends before a stop string that spans tokens, and streams nothing of it", async () => {
    const options = { ...sampled, prompts: ["The sea"], maxTokens: 12 };
    const [whole] = await generate(session, tokenizer, options);
    const stop = whole.text.slice(3, 5);
    let streamed = "";
    const [stopped] = await generate(session, tokenizer, {
      ...options,
      stop: ["never in the text", stop],
      onText: (_index, text) => {
        streamed += text;
      },
    });
    expect(stopped.finishReason).toBe("stop");
    expect(stopped.text).toBe(whole.text.split(stop)[0]);
    expect(streamed).toBe(stopped.text);
  });
});

describe("generate under a JSON schema", () => {
  const schema = {
    type: "object",
    properties: {
      name: { type: "string", maxLength: 6 },
      age: { type: "integer", minimum: 0, maximum: 99 },
      kinds: { type: "array", items: { enum: ["red", "green"] }, minItems: 1, maxItems: 3 },
    },
    required: ["name", "age", "kinds"],
    additionalProperties: false,
  };
  let session: DecoderSession;
  beforeAll(async () => {
    const model = gpt2(sizes);
    session = await compileDecoder(nodeRuntime, model, randomWeights(model, { seed: 3, deviation: 0.5 }));
  });
  const compiler = (of = tokenizer) => jsonConstraints(of, sizes.vocabSize, endTokensOf(of));

  it("writes for every prompt a value that the schema allows, and ends with it", async () => {
    const compile = await compiler();
    for (const temperature of [0, 1]) {
      for (let seed = 0; seed < 4; seed++) {
        const options = { prompts, maxTokens: 300, temperature, seed, constraint: () => compile(schema) };
        for (const { text, tokens, finishReason } of await generate(session, tokenizer, options)) {
          expect(finishReason).toBe("end");
          expect(tokenizer.decode(tokens)).toBe(text);
          const value = JSON.parse(text);
          expect(Object.keys(value)).toEqual(["name", "age", "kinds"]);
          expect([...value.name].length).toBeLessThanOrEqual(6);
          expect([...Array(100).keys()]).toContain(value.age);
          expect([1, 2, 3]).toContain(value.kinds.length);
          expect(value.kinds.every((kind: unknown) => kind === "red" || kind === "green")).toBe(true);
        }
      }
    }
  });

  it("gives what it gives for each prompt alone, streams it, and releases each constraint once", async () => {
    const compile = await compiler();
    const parts = prompts.map(() => "");
    const released = prompts.map(() => 0);
    const together = await generate(session, tokenizer, {
      prompts,
      maxTokens: 300,
      temperature: 0,
      constraint: async (index) => {
        const constraint = await compile(schema);
        return Object.assign(constraint, { release: () => released[index]++ });
      },
      onText: (index, text) => {
        parts[index] += text;
      },
    });
    expect(released).toEqual([1, 1, 1, 1]);
    expect(parts).toEqual(together.map(({ text }) => text));
    for (const [i, prompt] of prompts.entries()) {
      const options = {
        prompts: [prompt],
        maxTokens: 300,
        temperature: 0,
        constraint: () => compile(schema),
      };
      expect((await generate(session, tokenizer, options))[0]).toEqual(together[i]);
    }
  });

  it("says so where the tokens do not suffice", async () => {
    const compile = await compiler();
    const options = { prompts: [""], maxTokens: 5, temperature: 0, constraint: () => compile(schema) };
    const [{ text, finishReason }] = await generate(session, tokenizer, options);
    expect(finishReason).toBe("length");
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
  });

  it("is refused for a schema that cannot be kept to, and for a tokenizer that cannot write JSON", async () => {
    const letters = await trainCharacterTokenizer("abc", { specialTokens: ["<|endoftext|>"] });
    const impossible = { type: "integer", minimum: 3, maximum: 2 };
    for (const [of, wrong] of [
      [tokenizer, impossible],
      [tokenizer, { type: "object", if: {} }],
      [letters, schema],
    ] as const) {
      const compile = await compiler(of as typeof tokenizer);
      const released: number[] = [];
      const writing = generate(session, of, {
        prompts: ["a", "b"],
        maxTokens: 10,
        temperature: 0,
        constraint: async (index) =>
          index === 0
            ? { mask() {}, accept() {}, isComplete: false, release: () => released.push(index) }
            : compile(wrong),
      });
      await expect(writing).rejects.toThrow(GenerationError);
      expect(released).toEqual([0]);
    }
  });
});

describe("a model that prefers one token", () => {
  /** A GPT-2 whose last norm ignores its input: the same logits everywhere, highest for `id`. */
  async function always(id: number): Promise<DecoderSession> {
    const model = gpt2(sizes);
    const weights = new Map(
      model.parameters.map(({ name, shape }) => [
        name,
        { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) },
      ]),
    );
    weights.get("transformer.ln_f.bias")!.data[0] = 1;
    weights.get("transformer.wte.weight")!.data[id * sizes.width] = 1;
    return compileDecoder(nodeRuntime, model, weights);
  }
  const greedy = { temperature: 0, maxTokens: 3, prompts: ["a", "bc"] };

  it("ends with the end-of-text token, which is no part of the text", async () => {
    const results = await generate(await always(256), tokenizer, greedy);
    for (const result of results) {
      expect(result).toEqual({
        ...{ text: "", tokens: new Int32Array(), tokenCount: 0 },
        ...{ finishReason: "end", endToken: 256 },
      });
    }
  });

  it("never writes a token that the tokenizer lacks", async () => {
    const [{ tokens }] = await generate(await always(259), tokenizer, greedy);
    expect([...tokens]).toEqual([0, 0, 0]);
  });

  it("keeps half a character until it must let go", async () => {
    const parts: string[] = [];
    const onText = (_: number, text: string) => parts.push(text);
    const [{ text }] = await generate(await always(0xe6), tokenizer, { ...greedy, prompts: ["a"], onText });
    expect(text).toBe("\uFFFD\uFFFD"); // the last may have become a character
    expect(parts.join("")).toBe(text);
  });

  it("writes nothing when nothing is asked for", async () => {
    const [result] = await generate(await always(65), tokenizer, { ...greedy, maxTokens: 0 });
    expect(result).toMatchObject({ text: "", tokenCount: 0, finishReason: "length" });
  });

  it("stops between two tokens when told to", async () => {
    const control = new AbortController();
    const onText = () => control.abort(new Error("enough"));
    const writing = generate(await always(65), tokenizer, { ...greedy, onText, signal: control.signal });
    await expect(writing).rejects.toThrow("enough");
  });

  it.each([
    [{ maxTokens: -1 }, /maxTokens/],
    [{ stop: [""] }, /stop string is empty/],
    [{ prompts: [] }, /no prompts/],
    [{ temperature: -1 }, /temperature/],
  ])("is not run with %j", async (wrong, message) => {
    const writing = generate(await always(65), tokenizer, { ...greedy, ...wrong });
    await expect(writing).rejects.toThrow(GenerationError);
    await expect(writing).rejects.toThrow(message);
  });

  it("needs a first character, and one that the vocabulary has", async () => {
    const letters = await trainCharacterTokenizer("abc");
    const session = await always(1);
    await expect(generate(session, letters, { ...greedy, prompts: [""] })).rejects.toThrow(/end-of-text/);
    await expect(generate(session, letters, { ...greedy, prompts: ["xa"] })).rejects.toThrow(TokenizerError);
  });
});

describe("windowStart", () => {
  it("is zero while the text fits and then leaves at least half a context", () => {
    for (const context of [1, 2, 7, 16]) {
      for (let length = 1; length < 100; length++) {
        const start = windowStart(length, context);
        expect(length - start).toBeLessThanOrEqual(context);
        expect(length - start).toBeGreaterThan(length <= context ? 0 : Math.floor(context / 2));
        expect(start).toBeGreaterThanOrEqual(windowStart(length - 1, context));
      }
      expect(windowStart(context, context)).toBe(0);
    }
  });
});
