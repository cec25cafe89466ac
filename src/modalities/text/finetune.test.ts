/** What fine-tuning learns from, what it leaves out and tells of, and what it refuses. */
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import {
  finetuneRecipe,
  lazily,
  questions,
  writeData,
  writeFile,
  writePretrained,
} from "../../../test/finetuning.js";
import { temporaryFolder } from "../../../test/temporary-folder.js";
import { openExamples } from "../../data/tables/examples.js";
import { openShards } from "../../data/text/shards.js";
import { chatMl, chatMlTokens } from "../../features/chat/chat-template.js";
import { byteTokenizer } from "../../features/tokenizer/byte-tokenizer.js";
import { saveTokenizer, tokenizerFromJson } from "../../features/tokenizer/load-tokenizer.js";
import { surrounding } from "../../features/tokenizer/post-processor.js";
import { addSpecialTokens } from "../../features/tokenizer/special-tokens.js";
import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import { openFolder } from "../../files/disk.js";
import type { Folder } from "../../files/folder.js";
import { memoryFolder } from "../../files/memory.js";
import { resolveRecipe } from "../find.js";
import { startRun } from "../run.js";
import type { TextRecipe as Recipe } from "./recipe.js";

const place = temporaryFolder();
const [plain, chatty] = [join(place, "plain"), join(place, "chatty")];
const files = writeData(place);
const bytes = byteTokenizer({ specialTokens: ["<|endoftext|>"] });

beforeAll(async () => {
  await writePretrained(plain, bytes);
  await writePretrained(chatty, addSpecialTokens(bytes, chatMlTokens, { chatTemplate: chatMl }));
});

type Change = Parameters<typeof finetuneRecipe>[3];
const rowsOf = (rows: readonly object[]) => writeFile(place, "rows.jsonl", rows);
const chat = (rows: string, change: Change = {}) => finetuneRecipe(chatty, "chat", rows, change);
const preferences = (rows: string, change: Change = {}) =>
  finetuneRecipe(chatty, "preferences", rows, change);
const start = (recipe: Recipe, run: Folder = memoryFolder()) => startRun(recipe, run, lazily);

interface Learned {
  /** The text of the conversation. */
  readonly text: string;
  /** The parts of it that are predicted. */
  readonly learned: readonly string[];
}

/** The conversations of a split as training sees them. */
async function conversations(run: Folder, split: string, tokenizer: Tokenizer): Promise<Learned[]> {
  const examples = await openExamples(run.folder(`data/${split}`));
  const { inputs, targets, segments } = await examples.readBatch(
    Array.from({ length: examples.count }, (_, i) => i),
  );
  const found: Learned[] = [];
  let ids: number[] = [];
  let learned: number[][] = [];
  for (let i = 0; i < inputs.length; i++) {
    if (segments[i] > 0) ids.push(inputs[i]);
    if (targets[i] >= 0) {
      expect(targets[i]).toBe(inputs[i + 1]);
      if (targets[i - 1] >= 0) learned.at(-1)!.push(targets[i]);
      else learned.push([targets[i]]);
    }
    if (segments[i] !== segments[i + 1] && ids.length > 0) {
      found.push({ text: tokenizer.decode(ids), learned: learned.map((part) => tokenizer.decode(part)) });
      [ids, learned] = [[], []];
    }
  }
  return found;
}

async function splitsOf(recipe: Recipe) {
  const run = memoryFolder();
  const { tokenizer, leftOut } = await start(recipe, run);
  const [train, validation] = [
    await conversations(run, "train", tokenizer),
    await conversations(run, "validation", tokenizer),
  ];
  return { train, validation, leftOut };
}

const exchanges = (...texts: string[]) => ({
  messages: texts.map((content, i) => ({ role: i % 2 === 0 ? "user" : "assistant", content })),
});
const written = (...texts: string[]) =>
  texts.map((text, i) => `<|im_start|>${i % 2 === 0 ? "user" : "assistant"}\n${text}<|im_end|>\n`).join("");

const all = async (recipe: Recipe) => {
  const { train, validation, leftOut } = await splitsOf(recipe);
  return { found: [...train, ...validation].sort((a, b) => b.text.length - a.text.length), leftOut };
};
const short = [exchanges("a", "b"), exchanges("c", "d")];
const shortFound = ["b", "d"].map((answer) => expect.objectContaining({ learned: [`${answer}<|im_end|>`] }));

describe("conversations", () => {
  it("are learned where the assistant speaks, to the end of its turn, and nowhere else", async () => {
    const { found, leftOut } = await all(
      chat(rowsOf([exchanges("a", "b c", "d", "e"), exchanges("f?", "g")])),
    );
    expect(found).toEqual([
      { text: written("a", "b c", "d", "e"), learned: ["b c<|im_end|>", "e<|im_end|>"] },
      { text: written("f?", "g"), learned: ["g<|im_end|>"] },
    ]);
    expect(leftOut).toEqual([]);
  });

  it("that are too long end at a turn", async () => {
    const long = exchanges("a", "b c", "d", "e", "f", "g");
    const { found, leftOut } = await all(chat(rowsOf([long, exchanges("h", "i")])));
    expect(found[0]).toEqual({
      text: written("a", "b c", "d", "e"), // 48 tokens, a row
      learned: ["b c<|im_end|>", "e<|im_end|>"],
    });
    expect(leftOut).toEqual(["1 in part, cut at a turn to fit a row"]);
  });

  it("of which not even a turn fits are left out and counted, as are repeated ones", async () => {
    const { found, leftOut } = await all(
      chat(rowsOf([...short, exchanges("no", "x".repeat(40)), short[1], short[0]])),
    );
    expect(found).toEqual(shortFound);
    expect(leftOut).toEqual([
      "2 repeating an earlier row",
      "1 with a first turn longer than a row of 48 tokens",
    ]);
  });
});

it.each([
  ["nothing", "\n", [expect.stringContaining("answers will go on until they are cut")]],
  ["a special token", "<|im_end|>", []],
])("conversations whose template ends turns with %s", async (_, end, told) => {
  const folder = join(place, `ending${told.length}`);
  const chat_template = `{% for m in messages %}{{ m.role }}: {{ m.content }}${end}{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}`;
  await writePretrained(folder, addSpecialTokens(bytes, chatMlTokens, { chatTemplate: chat_template }));
  expect((await start(finetuneRecipe(folder, "chat", files.chat))).notes).toEqual(told);
});

describe("preferences", () => {
  /** The two texts of each pair, and what is compared of them. */
  async function pairsOf(recipe: Recipe) {
    const run = memoryFolder();
    const { tokenizer, leftOut } = await start(recipe, run);
    const pairs: string[][] = [];
    for (const split of ["train", "validation"]) {
      const examples = await openExamples(run.folder(`data/${split}`));
      for (let i = 0; i < examples.count; i++) {
        const { targets } = await examples.readBatch([i]);
        const halves = [targets.subarray(0, targets.length / 2), targets.subarray(targets.length / 2)];
        pairs.push(halves.map((half) => tokenizer.decode(half.filter((id) => id >= 0))));
      }
    }
    return { pairs: pairs.sort(), leftOut };
  }

  it("are compared in what the assistant says; equal answers, repeated and long rows are counted", async () => {
    const row = (prompt: string, chosen: string, rejected: string) => ({ prompt, chosen, rejected });
    const rows = [
      row("a", "b", "no"),
      row("c", "d", "no"),
      row("c", "d", "no"),
      row("e", "f", "f"),
      row("g", "h", "x".repeat(40)),
      row("i", "j", "j"),
    ];
    const { pairs, leftOut } = await pairsOf(preferences(rowsOf(rows)));
    expect(pairs).toEqual([
      ["b<|im_end|>", "no<|im_end|>"],
      ["d<|im_end|>", "no<|im_end|>"],
    ]);
    expect(leftOut).toEqual([
      "2 with equal answers",
      "1 repeating an earlier row",
      "1 longer than a row of 48 tokens",
    ]);
  });
});

it("preferences that the template makes equal are counted with those that are", async () => {
  const trimming = join(place, "trimming");
  const chatTemplate = chatMl.replace("message['content']", "message['content'] | trim");
  await writePretrained(trimming, addSpecialTokens(bytes, chatMlTokens, { chatTemplate }));
  const rows = [" b", "c", "d"].map((rejected) => ({ prompt: "a", chosen: "b", rejected }));
  const { leftOut, description } = await start(finetuneRecipe(trimming, "preferences", rowsOf(rows)));
  expect(leftOut).toEqual(["1 with equal answers"]);
  expect(description).toMatchObject({ train: 1, validation: 1 });
});

it("texts: repeated and empty documents are counted", async () => {
  const rows = ["a b c d e f g h", "b", "a b c d e f g h", "", "c d e f g h i j k l"].map((text) => ({
    text,
  }));
  const change = { training: { sequenceLength: 8 }, data: { validationFraction: 0.5 } };
  const { leftOut } = await start(finetuneRecipe(plain, "text", rowsOf(rows), change));
  expect(leftOut).toEqual(["1 repeating an earlier document", "1 without text"]);
});

it("texts begin with the token that the tokenizer puts there, and end with its end of text", async () => {
  const [begin, end] = ["<s>", "<|endoftext|>"];
  const both = byteTokenizer({ specialTokens: [end, begin] });
  const before = [begin, both.tokenToId(begin)!] as const;
  const folder = join(place, "begins");
  await writePretrained(
    folder,
    tokenizerFromJson({ ...both.toJSON(), post_processor: surrounding({ before }) }),
  );
  const texts = ["the first of them", "a second", "the third one", "and a fourth"];
  const change = { training: { sequenceLength: 8 }, data: { validationFraction: 0.5 } };
  const run = memoryFolder();
  await start(finetuneRecipe(folder, "text", rowsOf(texts.map((text) => ({ text }))), change), run);
  let found = "";
  for (const split of ["train", "validation"]) {
    const shards = await openShards(run.folder(`data/${split}`));
    const ids = new Int32Array(shards.tokenCount);
    await shards.read(0, ids);
    found += both.decode(ids);
  }
  expect(found.split(end).sort()).toEqual(["", ...texts.map((text) => begin + text)].sort());
});

describe("the splits", () => {
  it("share nothing and are everything, by the seed", async () => {
    const splits = (seed: number) => splitsOf(chat(files.chat, { training: { seed } }));
    const texts = (learned: readonly Learned[]) => learned.map(({ text }) => text).sort();
    const { train, validation } = await splits(1);
    expect([train.length, validation.length]).toEqual([12, 3]);
    expect(texts([...train, ...validation])).toEqual(
      questions.map(({ prompt, answer }) => written(prompt, answer)).sort(),
    );
    expect(texts((await splits(1)).validation)).toEqual(texts(validation));
    expect(texts((await splits(2)).validation)).not.toEqual(texts(validation));
  });
});

describe("refuses before a file is written", () => {
  const fresh = { kind: "gpt2", contextLength: 48, numLayers: 1, numHeads: 2, width: 16 };
  /** A recipe whose model is not a pretrained one. */
  const unpretrained = (format: "text" | "chat", features: object) =>
    resolveRecipe<Recipe>(
      { ...finetuneRecipe(chatty, format, files[format]), model: fresh, features },
      "a test",
    );
  const other = join(place, "other");
  beforeAll(async () => {
    const many = Array.from({ length: 10 }, (_, i) => `<|${i}|>`);
    await saveTokenizer(byteTokenizer({ specialTokens: many }), openFolder(other));
  });

  it.each<[string, () => Recipe, RegExp]>([
    [
      "dpo of conversations",
      () => chat(files.chat, { objective: { kind: "dpo" } }),
      /objective does not go with the data[\s\S]*dpo, data\.format chat/,
    ],
    [
      "next token of preferences",
      () => preferences(files.preferences, { objective: { kind: "nextToken" } }),
      /objective does not go with the data[\s\S]*nextToken, data\.format preferences/,
    ],
    [
      "conversations without a pretrained model",
      () => unpretrained("chat", { kind: "byte" }),
      /starts from a model that can write[\s\S]*--features\.kind pretrained --model\.kind pretrained/,
    ],
    [
      "a pretrained tokenizer from nowhere",
      () => unpretrained("text", { kind: "pretrained" }),
      /no place to come from[\s\S]*gpt2[\s\S]*features\.folder/,
    ],
    [
      "another kind of tokens for a pretrained model",
      () => finetuneRecipe(plain, "text", files.text, { features: { kind: "byte" } }),
      /own tokens[\s\S]*features\.kind byte[\s\S]*pretrained/,
    ],
    [
      "a tokenizer of its own for conversations",
      () => chat(files.chat, { features: { kind: "pretrained", folder: other } }),
      /tokens of the model[\s\S]*other[\s\S]*leave features\.folder out/,
    ],
    [
      "a tokenizer with more tokens than the model",
      () => finetuneRecipe(plain, "text", files.text, { features: { kind: "pretrained", folder: other } }),
      /more tokens than the pretrained model[\s\S]*266 against 257/,
    ],
    [
      "rows longer than the context",
      () => chat(files.chat, { training: { sequenceLength: 49 } }),
      /longer than the model's context[\s\S]*sequenceLength 49, context 48[\s\S]*to 48/,
    ],
    [
      "a model that is not there",
      () => finetuneRecipe(join(place, "nowhere"), "chat", files.chat),
      /neither a model nor a run[\s\S]*nowhere has no files/,
    ],
    [
      "an adapter of layers that the model lacks",
      () => chat(files.chat, { model: { lora: { rank: 2, alpha: 2, targets: ["q_proj"] } } }),
      /targets are not layers of the model[\s\S]*q_proj; the model has c_attn/,
    ],
    [
      "an adapter that would have to learn tokens",
      () => finetuneRecipe(plain, "chat", files.chat, { model: { lora: { rank: 2, alpha: 2 } } }),
      /adapter cannot learn new tokens[\s\S]*<\|im_start\|> and <\|im_end\|>[\s\S]*without model\.lora/,
    ],
    [
      "too few examples, with what was left out",
      () => chat(rowsOf([short[0], short[0], exchanges("no", "x".repeat(40))])),
      /too few[\s\S]*1 usable[\s\S]*1 repeating[\s\S]*1 with a first turn longer than a row of 48/,
    ],
  ])("%s", async (_, recipe, message) => {
    const run = memoryFolder();
    const error = await start(recipe(), run).catch((error) => error);
    expect(error).toMatchObject({ what: expect.any(String), advice: expect.any(String) });
    expect(error.message).toMatch(message);
    expect(await run.list("")).toEqual([]);
  });
});
