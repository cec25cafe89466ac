/** The measures of `evaluate` beside the loss: questions, sliding windows, two models side by side. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { byteTokenizer } from "../../src/features/tokenizer/byte-tokenizer.js";
import { openFolder } from "../../src/files/disk.js";
import { saveModel } from "../../src/interop/model-folder.js";
import type { TextRecipeInput as RecipeInput } from "../../src/modalities/text/recipe.js";
import { llama } from "../../src/models/llama.js";
import { autodidact, temporaryFolder } from "./command-line.js";
import { refuse } from "./refuse.js";

const place = temporaryFolder();
const file = (name: string, content: string) => {
  writeFileSync(join(place, name), content);
  return join(place, name);
};

const sounds = { cat: "miaow", dog: "woof", cow: "moo moo", duck: "quack" };
const animals = Object.keys(sounds) as (keyof typeof sounds)[];
const fable = animals.map((animal) => `the ${animal} says ${sounds[animal]}.\n`).join("");
/** The lines in no order, so that only the animal tells its sound. */
const lines = Array.from({ length: 400 }, (_, i) => fable.split("\n")[((i * i * 7 + i * 5) % 101) % 4]);

const recipe = (steps: number): RecipeInput => ({
  data: { files: file("fable.txt", `${lines.join("\n")}\n`) },
  features: { kind: "character" },
  model: { kind: "llama", contextLength: 32, numLayers: 2, numHeads: 2, width: 32, hiddenWidth: 64 },
  objective: { kind: "nextToken" },
  optimizer: { kind: "adamw", lr: steps === 1 ? 1e-9 : 1e-2, schedule: { kind: "constant" } },
  training: { batchSize: 8, steps, evaluateEvery: 1000, checkpointEvery: 1000 },
  generation: { prompt: "the", maxTokens: 4 },
});
const [trained, untrained] = [join(place, "trained"), join(place, "untrained")];

/** What a successful command prints. */
async function print(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await autodidact("evaluate", ...args);
  expect([code, stderr]).toEqual([0, ""]);
  return stdout;
}
const json = async (...args: string[]) => JSON.parse(await print(...args, "--json"));

/** Each animal is asked for, and each sound is right once: who looks at the choices alone is right once in four. */
const questions = animals.map((animal, gold) => ({
  query: `the ${animal} says`,
  choices: Object.values(sounds),
  gold,
}));
const rows = (list: readonly object[]) => list.map((row) => JSON.stringify(row)).join("\n");

beforeAll(async () => {
  for (const [folder, steps] of [
    [trained, 120],
    [untrained, 1],
  ] as const) {
    const path = file(`${steps}.mjs`, `export default ${JSON.stringify(recipe(steps))};\n`);
    const { code, stderr } = await autodidact("train", path, "--out", folder);
    expect(code, stderr).toBe(0);
  }
}, 60_000);

describe("the loss", () => {
  const text = () => file("fable-again.txt", fable.repeat(60));

  it("is measured in windows as long as those that were learned from, or as asked", async () => {
    const short = join(place, "short");
    const path = file("short.json", JSON.stringify(recipe(1)));
    await autodidact("train", path, "--training.sequenceLength", "16", "--out", short);
    expect(await print(trained, "--data", text())).toMatch(/in windows of 32\n$/);
    expect(await print(short, "--data", text())).toMatch(/in windows of 16\n$/);
    expect(await print(short, "--data", text(), "--context-length", "24")).toMatch(/in windows of 24\n$/);
    const tooLong = /longer than the model's context[\s\S]*33 tokens, context 32/;
    await refuse(place, tooLong, ["evaluate", trained, "--data", text(), "--context-length", "33"]);
  });

  it("and of a model with a long context that is no run in windows that fit into memory", async () => {
    const folder = openFolder(join(place, "long"));
    const tokenizer = byteTokenizer();
    const sizes = { numLayers: 1, numHeads: 1, width: 8, hiddenWidth: 8, vocabSize: tokenizer.vocabSize };
    const model = llama({ ...sizes, contextLength: 2 ** 20 });
    const weights = model.parameters.map(({ name, shape }) => {
      const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.1);
      return [name, { shape, data }] as const;
    });
    await saveModel(folder, { model, tokenizer, weights: new Map(weights) });
    expect(await print(folder.location, "--data", text())).toMatch(/in windows of 1024\n$/);
  });
});

describe("--multiple-choice", () => {
  it("a model that has read the answers gives them, one that has not is at chance", async () => {
    const asked = file("questions.jsonl", rows(questions));
    expect(await json(trained, "--multiple-choice", asked)).toEqual({
      ...{ questions: 4, acc: 1, accStderr: 0, accNorm: 1, accNormStderr: 0, truncated: 0 },
    });
    const guessed = await json(untrained, "--multiple-choice", asked);
    expect(guessed).toMatchObject({ acc: 0.25, accStderr: 0.25, accNorm: 0.25 });
  });

  it("ARC's and HellaSwag's rows, with or without their names", async () => {
    const labels = ["A", "B", "C", "D"];
    const arc = questions.map(({ query, choices, gold }) => ({
      ...{ id: query, question: query, choices: { text: choices, label: labels }, answerKey: labels[gold] },
    }));
    // The harness's "Question:" has letters that the fable has not.
    await refuse(place, /character vocabulary lacks[\s\S]*arc\.jsonl:1: "Q"/, [
      ...["evaluate", trained, "--multiple-choice", file("arc.jsonl", rows(arc)), "--task", "arc"],
    ]);
    const plain = file("questions.jsonl", rows(questions));
    await refuse(place, /"ctx_a" is not a text\n.*questions\.jsonl:1/, [
      ...["evaluate", trained, "--multiple-choice", plain, "--task", "hellaswag"],
    ]);
  });

  it("says what was cut, and what was found, in words", async () => {
    const long = questions.map((question) => ({ ...question, query: `${fable.repeat(2)}${question.query}` }));
    const asked = file("long.jsonl", rows(long));
    expect(await print(trained, "--multiple-choice", asked)).toMatch(
      /^accuracy 1\.0000 ± 0\.0000, by likelihood a character 1\.0000 ± 0\.0000, over 4 questions; 4 were cut to fit .*\n$/,
    );
  });

  it("a choice that is longer than the context: file and line", () =>
    refuse(place, /cannot be scored\n.*wide\.jsonl:2: .* 41 to score; the model's context is 32/, [
      ...["evaluate", trained, "--multiple-choice"],
      file("wide.jsonl", rows([questions[0], { ...questions[1], choices: ["moo", "moo ".repeat(10)] }])),
    ]));
});

describe("--perplexity", () => {
  const held = () => file("held-out.txt", fable.repeat(3));

  it("knows the text when trained, and more of it with more before it", async () => {
    const [known, unknown] = [
      await json(trained, "--perplexity", held()),
      await json(untrained, "--perplexity", held()),
    ];
    expect(known.tokenPerplexity).toBeLessThan(1.5);
    expect(unknown.tokenPerplexity).toBeGreaterThan(10);
    expect(known).toMatchObject({ contextLength: 32, stride: 32, documents: 1, words: 3 * 17 + 1 });
    expect(known.bytes).toBe(3 * fable.length);
    expect(known.tokens + known.unpredicted).toBe(known.bytes);
    const single = await json(trained, "--perplexity", held(), "--stride", "1");
    expect(single.bitsPerByte).toBeLessThan(known.bitsPerByte);
  });

  it("in words; and over rows of a field", async () => {
    expect(await print(trained, "--perplexity", held())).toMatch(
      /^perplexity [\d.]+ a token, [\d.]+ a word, [\d.]+ a byte \([\d.]+ bits\), over \d+ tokens of 1 texts\n$/,
    );
    const field = file("rows.jsonl", rows([{ body: fable }, { body: "" }, { body: fable }]));
    expect(await json(trained, "--perplexity", field, "--field", "body")).toMatchObject({ documents: 2 });
  });

  it("a stride beyond the context, a character unknown", async () => {
    const args = ["evaluate", trained, "--perplexity"];
    await refuse(place, /stride is out of range\n.*33; the model's context is 32/, [
      ...args,
      held(),
      "--stride",
      "33",
    ]);
    await refuse(place, /character vocabulary lacks[\s\S]*odd\.txt: "Z"/, [
      ...args,
      file("odd.txt", "the Z"),
    ]);
  });
});

describe("--against", () => {
  const prompts = () => file("prompts.txt", "the cat says\n\nthe dog says\n");
  const greedy = ["--temperature", "0", "--max-tokens", "8"];

  it("both write after each prompt", async () => {
    const { models, settings, results } = await json(
      trained,
      "--against",
      untrained,
      "--prompts",
      prompts(),
      ...greedy,
    );
    expect(models).toEqual([trained, untrained]);
    expect(settings).toEqual({ maxTokens: 8, temperature: 0, seed: 0 });
    expect(results.map((result: { prompt: string }) => result.prompt)).toEqual([
      "the cat says",
      "the dog says",
    ]);
    for (const [i, { answers }] of results.entries()) {
      expect(answers[0].text).toContain([" miaow.\n", " woof.\n"][i]);
      expect(answers[1].text).not.toContain([" miaow.\n", " woof.\n"][i]);
      expect(answers[0]).toMatchObject({ tokenCount: 8, finishReason: "length" });
    }
  });

  it("in two columns as wide as the terminal", async () => {
    const { columns } = process.stdout;
    Object.assign(process.stdout, { columns: 80 });
    try {
      const text = await print(trained, "--against", untrained, "--prompts", prompts(), ...greedy);
      const shown = text.split("\n");
      expect(shown[0]).toMatch(/prompts\.txt:1: the cat says$/);
      expect(shown[1]).toBe(`${"trained".padEnd(38)} │ untrained`);
      expect(shown[3]).toMatch(/^ miaow\. {31} │/);
      expect(text).toMatch(/^8 tokens, \d+ a second, length +│ 8 tokens/m);
      expect(Math.max(...shown.slice(1, 8).map((line) => line.length))).toBeLessThanOrEqual(80);
    } finally {
      Object.assign(process.stdout, { columns });
    }
  });

  it("the seed draws the same for both: a model beside itself", async () => {
    const { results } = await json(trained, "--against", trained, "--prompts", prompts(), "--seed", "4");
    for (const { answers } of results) expect(answers[0].text).toBe(answers[1].text);
  });
});

describe("flags that do not go together", () => {
  it.each<[string[], RegExp]>([
    [
      ["--multiple-choice", "a.jsonl", "--perplexity", "b.txt"],
      /several measures[\s\S]*--multiple-choice --perplexity/,
    ],
    [["--metric", "notes", "--against", "b"], /no notes to measure with[\s\S]*data\.format text/],
    [["--data", "a.txt", "--against", "b"], /several measures[\s\S]*--data --against/],
    [["--task", "arc"], /belongs to another use of the model\n.*--task\n.*with --multiple-choice/],
    [
      ["--multiple-choice", "a.jsonl", "--stride", "4"],
      /--stride with --multiple-choice\n.*with --perplexity/,
    ],
    [["--perplexity", "a.txt", "--batch-size", "4"], /--batch-size with --perplexity\n.*with --data/],
    [
      ["--multiple-choice", "a.jsonl", "--field", "x"],
      /--field with --multiple-choice\n.*with --data or with --perplexity/,
    ],
    [["--prompts", "a.txt"], /--prompts\n.*with --against/],
    [["--against", "b"], /--against without --prompts[\s\S]*--prompts <file>/],
  ])("%j", (flags, message) => refuse(place, message, ["evaluate", trained, ...flags]));

  it("files that are not there", async () => {
    const absent = join(place, "absent.jsonl");
    await refuse(place, /no file matches/, ["evaluate", trained, "--multiple-choice", absent]);
    await refuse(place, /no file matches/, ["evaluate", trained, "--perplexity", absent]);
    await refuse(place, /no file matches/, ["evaluate", trained, "--against", trained, "--prompts", absent]);
    await refuse(place, /neither a model nor a run/, [
      "evaluate",
      trained,
      "--against",
      place,
      "--prompts",
      absent,
    ]);
  });
});
