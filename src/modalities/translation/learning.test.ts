import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.js";
import { loggedLosses, stopAfter } from "../../../test/tiny.js";
import { asTsv, toyMessages, toyPairs } from "../../../test/toy-pairs.js";
import { nodeRuntime } from "../../core/runtime/node.js";
import { openFolder } from "../../files/disk.js";
import type { Folder } from "../../files/folder.js";
import { memoryFolder } from "../../files/memory.js";
import { resolveRecipe } from "../find.js";
import { resumeRun, startRun } from "../run.js";
import { exampleSets } from "./examples.js";
import { prepareTranslation } from "./learning.js";
import { openPreparedTranslation, openTrainingPairs, type Sentences } from "./prepared.js";
import type { TranslationRecipe } from "./recipe.js";

const place = temporaryFolder();
const around = { runtime: nodeRuntime, openFolder };
const pairs = [...toyPairs(40), ...toyMessages()];
const [file, held, alone] = ["pairs.tsv", "held.tsv", "alone.en"].map((name) => join(place, name));
const trained = join(place, "trained");
const made = join(place, "made.jsonl");
/** English and German, the first of them made up. */
const back = [
  ["He cat red sees door.", "Die rote Katze die Tür sieht."],
  ["The lamp {name} of.", "Von {name} die Lampe."],
  ["What was it.", "Etwas anderes."],
];

const t5 = { kind: "t5", width: 16, numLayers: 1, numDecoderLayers: 1, numHeads: 2, hiddenWidth: 32 };
const translate = { kind: "translate", dropout: 0.2 };
const denoise = { kind: "denoise", dropout: 0.2 };

const recipeOf = ({
  objective = translate as object,
  model = t5 as object,
  features = { kind: "bpe", vocabSize: 300, dropout: 0.3 } as object,
  data = {},
  training = {},
} = {}) =>
  resolveRecipe<TranslationRecipe>(
    {
      data: { format: "translation", pairs: file, validationFraction: 0.2, ...data },
      features,
      model,
      objective,
      optimizer: { kind: "adamw", lr: 1e-2, averageDecay: 0.9, schedule: { kind: "constant" } },
      training: {
        ...{ batchSize: 4, buckets: 2, steps: 4, evaluateEvery: 2, checkpointEvery: 2, threads: 1 },
        ...training,
      },
    },
    "a test",
  );

const savedIn = (run: Folder) => run.read("checkpoints/step-000004/model.safetensors");

/** What a run would learn, and from what. */
async function learningOf(recipe: TranslationRecipe) {
  const data = memoryFolder();
  const learning = await (await prepareTranslation(recipe, around)).write(data);
  return { ...learning, prepared: await openPreparedTranslation(data) };
}

beforeAll(async () => {
  writeFileSync(file, asTsv(pairs));
  writeFileSync(
    held,
    asTsv([{ source: "The Red cat sees the woman.", target: "Etwas anderes." }, ...pairs.slice(0, 3)]),
  );
  writeFileSync(made, back.map(([en, de]) => `${JSON.stringify({ translation: { en, de } })}\n`).join(""));
  writeFileSync(alone, "One sentence.\nAnother one.\n\nOne sentence.\nThe third.\n");
  await (await startRun(recipeOf({ objective: denoise }), openFolder(trained), around)).train();
});

describe("a run on translation", () => {
  it.each([
    ["translate", translate],
    ["denoise", denoise],
  ])("with %s, stopped and resumed, ends in the same bits, with all that is drawn", async (_, objective) => {
    const [whole, parted] = [memoryFolder(), memoryFolder()];
    await (await startRun(recipeOf({ objective }), whole, around)).train();
    await (await startRun(recipeOf({ objective }), parted, around)).train(stopAfter(2));
    await (await resumeRun(parted, around)).train();
    expect(await savedIn(parted)).toEqual(await savedIn(whole));
    expect(await loggedLosses(parted)).toEqual(await loggedLosses(whole));
  });

  it("learns each pair in both directions, or in one", async () => {
    const training = { steps: undefined, epochs: 1 };
    const both = await learningOf(recipeOf({ training }));
    const forward = await learningOf(recipeOf({ training, data: { directions: "forward" } }));
    expect(both.description.train).toBe(2 * forward.description.train);
    expect(both.prepared.train.count).toBe(forward.description.train);
  });

  it("has tokens in the place of placeholders, the same on both sides", async () => {
    const { prepared } = await learningOf(recipeOf());
    const all = await Promise.all(
      Array.from({ length: prepared.train.count }, (_, i) => prepared.train.read(i)),
    );
    const held = all.filter(({ source }) => /<ph0>/.test(source));
    expect(held.length).toBeGreaterThan(5);
    for (const { source, target } of held) {
      expect(target).toContain("<ph0>");
      expect(source + target).not.toMatch(/[{}%]/);
    }
  });

  it("does not learn from what is held out, whatever its case", async () => {
    const { leftOut, prepared } = await learningOf(recipeOf({ data: { validation: held } }));
    expect(prepared.validation.count).toBe(4);
    expect(leftOut!.find((phrase) => /held out as well/.test(phrase))).toMatch(/^[34] /);
  });

  it("leaves out what is too long, and says so", async () => {
    const { leftOut } = await learningOf(recipeOf({ data: { longestTokens: 12 } }));
    expect(leftOut!.find((phrase) => /of more than 12 tokens/.test(phrase))).toBeDefined();
    await expect(learningOf(recipeOf({ data: { longestTokens: 1 } }))).rejects.toThrow(/no sentences left/);
  });

  it("repairs sentences of files of one language, each once", async () => {
    const data = { pairs: undefined, files: { en: alone }, validationFraction: 0.4 };
    const { leftOut, prepared } = await learningOf(recipeOf({ objective: denoise, data }));
    expect([prepared.train.count, prepared.validation.count]).toEqual([2, 1]);
    expect(leftOut!.join()).toMatch(/1 where a line repeats/);
  });
});

describe("back-translations", () => {
  const learned = (data: object) => learningOf(recipeOf({ data: { backTranslations: made, ...data } }));
  const rowsOf = ({ count, read }: Sentences) =>
    Promise.all(Array.from({ length: count }, (_, i) => read(i)));

  it("are learned from in their own direction, with a tag before the source", async () => {
    const recipe = recipeOf({ data: { backTranslations: made } });
    const { description, notes, prepared } = await learningOf(recipe);
    expect(await rowsOf(prepared.backTranslations!)).toEqual([
      { source: "<BT>He cat red sees door.", target: back[0][1], sourceLanguage: "en", targetLanguage: "de" },
      {
        source: "<BT>The lamp <ph0> of.",
        target: "Von <ph0> die Lampe.",
        sourceLanguage: "en",
        targetLanguage: "de",
      },
      { source: "<BT>What was it.", target: back[2][1], sourceLanguage: "en", targetLanguage: "de" },
    ]);
    expect(description.train).toBe(2 * prepared.train.count + back.length);
    expect(notes!.join()).toMatch(/3 back-translations into de from .*made\.jsonl/);
    const { tokenizer } = prepared;
    const { train } = await exampleSets(prepared, recipe);
    const { source, target } = await train.pair(2 * prepared.train.count, {});
    const [language, tag, ...rest] = Array.from(source, (id) => tokenizer.idToToken(id));
    expect([language, tag, rest.at(-1)]).toEqual([">>de<<", "<BT>", "</s>"]);
    expect(tokenizer.decode(Array.from(target))).toBe(back[0][1]);
  });

  it("are no part of what is validated with, nor of the memory of what people wrote", async () => {
    const data = memoryFolder();
    await (await prepareTranslation(recipeOf({ data: { backTranslations: made } }), around)).write(data);
    const { validation } = await openPreparedTranslation(data);
    const written = [...(await rowsOf(validation)), ...(await rowsOf((await openTrainingPairs(data))!))];
    expect(written).toHaveLength(pairs.length);
    expect(JSON.stringify(written)).not.toContain("<BT>");
  });

  it("are left out where one of their sides is held out", async () => {
    const { leftOut, prepared } = await learned({ validation: held });
    expect(prepared.backTranslations!.count).toBe(2);
    expect(leftOut!.join()).toMatch(/1 in .*made\.jsonl that are held out as well/);
  });

  it("are refused in a direction that is not learned, and by what repairs sentences", async () => {
    await learned({ directions: "forward", languages: ["en", "de"] });
    await expect(learned({ directions: "forward", languages: ["de", "en"] })).rejects.toThrow(
      /direction that is not learned[\s\S]*en to de; learned: de to en/,
    );
    const recipe = recipeOf({ objective: denoise, data: { backTranslations: made } });
    await expect(prepareTranslation(recipe, around)).rejects.toThrow(/not learned to repair/);
  });

  it("need a token that models of earlier versions have not, which open all the same", async () => {
    const old = join(place, "old");
    cpSync(trained, old, { recursive: true });
    const tokenizerFile = join(old, "checkpoints/step-000004/tokenizer.json");
    writeFileSync(tokenizerFile, readFileSync(tokenizerFile, "utf8").replaceAll("<BT>", "<OLD>"));
    const from = (data: object) => recipeOf({ model: { ...t5, from: old }, data });
    await expect(prepareTranslation(from({ backTranslations: made }), around)).rejects.toThrow(
      /tells back-translations apart[\s\S]*has no <BT>/,
    );
    const data = memoryFolder();
    await (await prepareTranslation(from({}), around)).write(data);
    const { hasBackTranslations, ...told } = JSON.parse(
      new TextDecoder().decode(await data.read("translation.json")),
    );
    expect(hasBackTranslations).toBe(false);
    await data.write("translation.json", JSON.stringify(told));
    const prepared = await openPreparedTranslation(data);
    expect(prepared.backTranslations).toBeUndefined();
    expect(prepared.tokenizer.specialTokens.has("<BT>")).toBe(false);
  });
});

describe("a run that starts from a trained model", () => {
  it("has its weights and its tokens", async () => {
    const recipe = recipeOf({ model: { ...t5, from: trained } });
    const run = await startRun(recipe, memoryFolder(), around);
    const { start, prepared } = await learningOf(recipe);
    expect(prepared.tokenizer.specialTokens.has(">>de<<")).toBe(true);
    for (const [name, { data }] of start!.pretrained!) expect(run.weights.get(name)!.data).toEqual(data);
    expect(run.recipe.model).toMatchObject({ kind: "pretrained", from: trained });
  });

  it("is refused where it does not know a language", async () => {
    const data = { pairs: undefined, files: { fr: alone } };
    const recipe = recipeOf({ objective: denoise, model: { ...t5, from: trained }, data });
    await expect(prepareTranslation(recipe, around)).rejects.toThrow(
      /cannot be told to write a language[\s\S]*fr; .* knows de, en/,
    );
  });
});
