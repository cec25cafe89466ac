/** Learning from notes: what is learned and held out, how questions come about, stopping while they are written, measuring. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { around, finetuneRecipe, lazily, writeFile, writePretrained } from "../../../test/finetuning.js";
import { temporaryFolder } from "../../../test/temporary-folder.js";
import { type PartedQuestion, storedQuestions } from "../../data/notes/question-file.js";
import { storedSections } from "../../data/notes/section-file.js";
import { openExamples } from "../../data/tables/examples.js";
import { chatMl, chatMlTokens } from "../../features/chat/chat-template.js";
import { byteTokenizer } from "../../features/tokenizer/byte-tokenizer.js";
import { addSpecialTokens } from "../../features/tokenizer/special-tokens.js";
import { openFolder } from "../../files/disk.js";
import type { Folder } from "../../files/folder.js";
import { memoryFolder } from "../../files/memory.js";
import type { SavedModel } from "../../interop/model-folder.js";
import { gpt2 } from "../../models/gpt2.js";
import type { Named } from "../modality.js";
import { resumeRun, startRun } from "../run.js";
import { findNamed } from "../saved.js";
import { measureNotes } from "./kinds/measure-notes.js";
import type { MeasuringNotes } from "./kinds/options.js";

const place = temporaryFolder();
const [plain, chatty, coarse, strict] = ["plain", "chatty", "coarse", "strict"].map((name) =>
  join(place, name),
);
const bytes = byteTokenizer({ specialTokens: ["<|endoftext|>"] });
const talking = addSpecialTokens(bytes, chatMlTokens, { endOfText: "<|im_end|>", chatTemplate: chatMl });

const things = ["boats", "nets", "ropes", "sails", "oars", "buoys", "masts", "lamps", "flags", "crates"];
const notesFile = writeFile(
  place,
  "notes.md",
  Array.from({ length: 20 }, (_, i) => {
    const thing = things[i % 10] + (i < 10 ? "" : " of the south");
    return `# About ${thing}\n\nAll the ${thing} of the harbour are kept in "store-\n${i}" over the winter.\n`;
  }).join("\n"),
);

beforeAll(async () => {
  const model = (vocabSize: number) =>
    gpt2({ contextLength: 640, numLayers: 1, numHeads: 2, width: 16, vocabSize });
  await writePretrained(plain, bytes, model(bytes.vocabSize));
  await writePretrained(chatty, talking, model(talking.vocabSize));
  const words = addSpecialTokens(talking, ["harbour"]);
  await writePretrained(coarse, words, model(words.vocabSize));
  const refusing = `{% if 'secret' in messages[0]['content'] %}{{ raise_exception('no secrets') }}{% endif %}${chatMl}`;
  const shy = addSpecialTokens(bytes, chatMlTokens, { endOfText: "<|im_end|>", chatTemplate: refusing });
  await writePretrained(strict, shy, model(shy.vocabSize));
});

type Change = NonNullable<Parameters<typeof finetuneRecipe>[3]>;
const recipeOf = (from = chatty, { data, training, ...change }: Change = {}) =>
  finetuneRecipe(from, "notes", notesFile, {
    data: { notes: { perSection: 1 }, ...data },
    training: { sequenceLength: 256, ...training },
    ...change,
  });

/** The texts of a split, and of each what is learned. */
async function textsOf(run: Folder, split: string): Promise<{ text: string; learned: string }[]> {
  const examples = await openExamples(run.folder(`data/${split}`));
  const all = Array.from({ length: examples.count }, (_, i) => i);
  const { inputs, targets, segments } = await examples.readBatch(all);
  const found: { text: number[]; learned: number[] }[] = [];
  for (let i = 0; i < inputs.length; i++) {
    if (segments[i] === 0) continue;
    if (i % 256 === 0 || segments[i] !== segments[i - 1]) found.push({ text: [], learned: [] });
    const { text, learned } = found[found.length - 1];
    text.push(inputs[i]);
    if (targets[i] >= 0) learned.push(targets[i]);
  }
  return found.map(({ text, learned }) => ({ text: talking.decode(text), learned: talking.decode(learned) }));
}

const dialogue = ({ prompt, completion }: PartedQuestion) =>
  `<|im_start|>user\n${prompt}<|im_end|>\n<|im_start|>assistant\n${completion}<|im_end|>\n`;
const countOf = (part: string, questions: readonly PartedQuestion[]) =>
  questions.filter((question) => question.part === part).length;

describe("a run on notes", () => {
  it("learns sections whole and of questions the answers; what is held out is in neither", async () => {
    const run = memoryFolder();
    const { notes } = await startRun(recipeOf(), run, lazily);
    const sections = await storedSections(run.folder("data"));
    const questions = (await storedQuestions(run.folder("data")))!;
    expect(sections).toHaveLength(20);
    expect(questions).toContainEqual({
      section: sections[0].id,
      prompt: "About boats: All the boats of the harbour are kept in what over the winter?",
      completion: "store-0",
      part: expect.any(String),
    });
    const held = sections.filter(({ isHeldOut }) => isHeldOut);
    expect(held).toHaveLength(4);
    const [train, validation] = [await textsOf(run, "train"), await textsOf(run, "validation")];
    const learned = questions.filter(({ part }) => part === "train");
    const wanted = [
      ...sections.filter(({ isHeldOut }) => !isHeldOut).map(({ text }) => ({ text, learned: text.slice(1) })),
      ...learned.map((one) => ({ text: dialogue(one), learned: `${one.completion}<|im_end|>` })),
    ];
    const sorted = (texts: typeof wanted) => texts.sort((a, b) => (a.text < b.text ? -1 : 1));
    expect(sorted(train)).toEqual(sorted(wanted));
    expect(sorted(validation)).toEqual(sorted(held.map(({ text }) => ({ text, learned: text.slice(1) }))));
    for (const { section, part } of questions) {
      expect(part === "unseen").toBe(held.some(({ id }) => id === section));
    }
    expect(notes).toEqual([
      "16 sections to learn from, 4 held out whole",
      `${learned.length} questions to learn from, ${countOf("heldOut", questions)} about the same sections held out, 4 about sections held out`,
      "questions left out: 20 with no question in it", // fresh weights ask none
    ]);
    expect(countOf("heldOut", questions)).toBeGreaterThan(0);
  });

  it("learns from the sections alone where the model has no chat template, and says so", async () => {
    const run = memoryFolder();
    const { notes, next } = await startRun(recipeOf(plain), run, lazily);
    expect(await storedQuestions(run.folder("data"))).toEqual([]);
    expect(notes).toEqual([
      "16 sections to learn from, 4 held out whole; the model has no chat template: it learns from them alone, without questions",
    ]);
    expect(next!("runs/n")).toContain("npx autodidact evaluate runs/n --metric notes");
  });

  it("that was stopped while it wrote questions goes on with the same", async () => {
    const whole = memoryFolder();
    await startRun(recipeOf(), whole, lazily);
    const run = openFolder(join(place, "stopped"));
    const stop = new AbortController();
    const onProgress = (phase: string, done: number) => {
      if (phase === "questions written" && done > 0) stop.abort();
    };
    const stopped = startRun(recipeOf(), run, { ...lazily, signal: stop.signal, onProgress });
    await expect(stopped).rejects.toThrow(/aborted/);
    const drafts = join(place, "stopped/data/drafts.jsonl");
    const first = readFileSync(drafts, "utf8");
    expect(first.trim().split("\n")).toHaveLength(16);
    writeFileSync(drafts, `${first}{"section": "torn`);
    const seen: number[] = [];
    await resumeRun(run, {
      ...lazily,
      onProgress: (phase, done) => phase === "questions written" && seen.push(done),
    });
    expect(seen).toEqual([16, 20]);
    for (const name of ["data/drafts.jsonl", "data/questions.jsonl"]) {
      expect(await run.read(name)).toEqual(await whole.read(name));
    }
  });

  it("learns from questions that are given back, without writing any", async () => {
    const first = memoryFolder();
    await startRun(recipeOf(), first, lazily);
    const questions = (await storedQuestions(first.folder("data")))!;
    const kept = questions.slice(0, 3);
    const given = writeFile(place, "given.jsonl", [
      ...kept,
      { prompt: "Who runs the harbour?", completion: "the harbour master" },
      { ...questions[4], completion: "nowhere" },
      { ...questions[5], section: "0123456789abcdef" },
    ]);
    const run = memoryFolder();
    const { notes } = await startRun(
      recipeOf(chatty, { data: { notes: { questions: given } } }),
      run,
      lazily,
    );
    expect(await storedQuestions(run.folder("data"))).toEqual([
      ...kept,
      { section: "", prompt: "Who runs the harbour?", completion: "the harbour master", part: "train" },
    ]);
    expect(await run.size("data/drafts.jsonl")).toBeUndefined();
    expect(notes![2]).toBe(
      "questions left out: 1 with an answer that the section does not hold, 1 about a section that is not among the notes",
    );
  });

  it("leaves questions out that are longer than a row, and counts them", async () => {
    const short = { prompt: "Who runs the harbour?", completion: "the harbour master" };
    const long = { prompt: `Who runs the ${"old ".repeat(60)}harbour?`, completion: "nobody" };
    const questions = writeFile(place, "long.jsonl", [short, long]);
    const run = memoryFolder();
    const { notes } = await startRun(recipeOf(chatty, { data: { notes: { questions } } }), run, lazily);
    expect(await storedQuestions(run.folder("data"))).toEqual([{ section: "", ...short, part: "train" }]);
    expect(notes!.slice(1)).toEqual([
      "1 question to learn from, 0 about the same sections held out, 0 about sections held out",
      "questions left out: 1 longer than a row of 256 tokens",
    ]);
  });

  it("names the line of a question that the chat template refuses, or leaves it out", async () => {
    const questions = writeFile(place, "secret.jsonl", [
      { prompt: "Who runs the harbour?", completion: "the harbour master" },
      { prompt: "What is the secret of the harbour?", completion: "none" },
    ]);
    const start = (run: Folder, skipBad?: boolean) =>
      startRun(recipeOf(strict, { data: { skipBad, notes: { questions } } }), run, lazily);
    const none = memoryFolder();
    await expect(start(none)).rejects.toThrow(/secret\.jsonl:2: [\s\S]*no secrets[\s\S]*skipBad/);
    expect(await none.list("")).toEqual([]);
    const run = memoryFolder();
    const { leftOut } = await start(run, true);
    expect(leftOut!.join()).toMatch(/^1 where .*secret\.jsonl:2/);
    expect(await storedQuestions(run.folder("data"))).toHaveLength(1);
  });

  it.each([
    [{ data: { format: "text", notes: {} } }, chatty, /settings of notes belong to notes/],
    [
      { data: { notes: { questions: "q.jsonl" } } },
      plain,
      /trained to chat[\s\S]*no chat template[\s\S]*leave them out/,
    ],
    [
      { data: { notes: { questions: join(place, "bad.jsonl") } } },
      chatty,
      /a row is no question[\s\S]*completion is missing/,
    ],
  ] as const)("refuses %j", async (change, from, message) => {
    writeFile(place, "bad.jsonl", [{ prompt: "Why?" }]);
    const run = memoryFolder();
    await expect(startRun(recipeOf(from, change as Change), run, lazily)).rejects.toThrow(message);
    expect(await run.list("")).toEqual([]);
  });
});

const pair = <S extends z.ZodType>(schema: S) => z.object({ before: schema, after: schema });

describe("evaluate --metric notes", () => {
  const text = {
    heldOutText: pair(z.object({ perplexity: z.number(), tokens: z.int(), bitsPerByte: z.number() })),
    generalText: pair(z.object({ tokens: z.int() })),
  };
  const counts = z.object({ questions: z.int() });
  const schema = z.object({
    ...text,
    questions: z.object({ heldOut: counts, unseen: counts }),
    answers: z.array(z.object({ part: z.string(), before: z.object({ isRight: z.boolean() }) })),
  });
  const figures = async (named: Named, options: object = {}) => {
    const given = { generalLength: 3000, questions: 2, ...options } as MeasuringNotes;
    for await (const output of measureNotes(named as Named<SavedModel>, given, around)) {
      if (output.kind === "figures") return { figures: schema.parse(output.figures), text: output.text };
    }
    throw new Error("nothing was measured");
  };

  it("measures what was held out before and after, and a general text", async () => {
    const run = openFolder(join(place, "measured"));
    await (await startRun(recipeOf(chatty, { training: { steps: 12 } }), run, around)).train();
    const named = await findNamed(run.location, "latest", around);
    const { figures: found, text } = await figures(named);
    const { heldOutText, generalText, questions, answers } = found;
    expect(heldOutText.after.perplexity).toBeLessThan(0.8 * heldOutText.before.perplexity);
    expect(Math.log(heldOutText.before.perplexity)).toBeCloseTo(Math.log(talking.vocabSize), 0);
    expect(generalText.before.tokens).toBe(generalText.after.tokens);
    expect([questions.heldOut.questions, questions.unseen.questions]).toEqual([2, 2]);
    expect(answers).toHaveLength(4);
    expect(answers[0]).toMatchObject({ part: "heldOut", before: { isRight: false } });
    expect(text).toMatch(/^before: .*chatty; after: .*measured\nperplexity of sections held out/);
    const general = writeFile(place, "general.txt", "Something else. ".repeat(50));
    const other = await figures(named, { general: [general], against: run.location });
    expect(other.figures.heldOutText.before).toEqual(heldOutText.after);
    expect(other.figures.generalText.before.tokens).toBe(16 * 50); // the first after the token that ends texts
    const files = [writeFile(place, "general-a.txt", "One."), writeFile(place, "general-b.txt", "Two.")];
    writeFileSync(join(place, "general-c.txt"), Uint8Array.of(0xff));
    const few = await figures(named, {
      ...{ general: [...files, join(place, "general-c.txt")], generalLength: 10, against: coarse },
    });
    // A blank line between two texts; the third is bad, and not needed.
    expect([few.figures.generalText.before.tokens, few.figures.generalText.after.tokens]).toEqual([10, 10]);
    const { before, after } = few.figures.heldOutText;
    expect(before.tokens).toBeLessThan(after.tokens);
    // Every byte is a token of the run's tokenizer.
    expect(after.bitsPerByte).toBeCloseTo(Math.log2(after.perplexity), 6);
    expect(before.bitsPerByte).toBeCloseTo((Math.log2(before.perplexity) * before.tokens) / after.tokens, 6);
    const told = `sections held out in bits a byte, ${before.tokens} tokens before and ${after.tokens} after: ${before.bitsPerByte.toFixed(4)} before, ${after.bitsPerByte.toFixed(4)} after`;
    expect(few.text).toContain(told);
    expect(few.text).toContain("loss on a general text, 10 tokens");
  }, 60_000);

  it("refuses a model that is no run on notes", async () => {
    const named = await findNamed(chatty, "latest", around);
    await expect(figures(named)).rejects.toThrow(
      /no notes to measure with[\s\S]*is no run[\s\S]*recipe notes/,
    );
  });
});
