/** Every shipped recipe takes two tiny steps and writes a sample: it is one that runs. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { loadRecipe, shippedRecipes } from "../src/cli/recipes.js";
import { nodeRuntime } from "../src/core/runtime/node.js";
import { writeMidi } from "../src/data/music/write-midi.js";
import { choraleScore } from "../src/features/music/chorale-words.js";
import { byteTokenizer } from "../src/features/tokenizer/byte-tokenizer.js";
import { openFolder } from "../src/files/disk.js";
import { compileDecoder } from "../src/generation/decoder-session.js";
import { generate } from "../src/generation/generate.js";
import { openImageModel } from "../src/interop/image-folder.js";
import { openModel, saveModel } from "../src/interop/model-folder.js";
import { openSoundModel } from "../src/interop/sound-folder.js";
import { openSpeechModel } from "../src/interop/speech-folder.js";
import { openTranslator } from "../src/interop/translator-folder.js";
import { openVocoder } from "../src/interop/vocoder-folder.js";
import type { DetectionRecipe } from "../src/modalities/detection/recipe.js";
import type { ImageRecipe } from "../src/modalities/images/recipe.js";
import type { MusicRecipe } from "../src/modalities/music/recipe.js";
import { startRun } from "../src/modalities/run.js";
import { findNamed } from "../src/modalities/saved.js";
import type { SoundRecipe } from "../src/modalities/sound/recipe.js";
import type { SpeechRecipe } from "../src/modalities/speech/recipe.js";
import type { TextRecipe as Recipe } from "../src/modalities/text/recipe.js";
import type { TranslationRecipe } from "../src/modalities/translation/recipe.js";
import type { VocoderRecipe } from "../src/modalities/vocoder/recipe.js";
import { gpt2 } from "../src/models/gpt2.js";
import { adamw } from "../src/optim/adamw.js";
import { layOut } from "../src/optim/layout.js";
import type { Override } from "../src/recipe/overrides.js";
import { initialiseAll, weightsOf } from "../src/training/weights.js";
import { temporaryFolder, wordyText } from "./cli/command-line.js";
import { writeDrawnThings } from "./drawn-things.js";
import { madeChorale, writeMadeChorales } from "./made-chorales.js";
import { makeEncoder, makePictures } from "./pictures.js";
import { writeToneClips } from "./tone-clips.js";
import { toneSentences, writeToneWords } from "./tone-words.js";
import { asTsv, toyPairs } from "./toy-pairs.js";

const place = temporaryFolder();
const text = join(place, "text.txt");
const chats = join(place, "chats.jsonl");
const preferences = join(place, "preferences.jsonl");
const tasks = join(place, "tasks.jsonl");
const notes = join(place, "notes.md");
const pretrained = join(place, "pretrained");
const pictures = join(place, "pictures");
const encoder = join(place, "encoder");
const recordings = join(place, "recordings");
const clips = join(place, "clips");
const pairs = join(place, "pairs.tsv");
const things = join(place, "things");
const chorales = join(place, "chorales.json");
const songs = join(place, "songs");

beforeAll(async () => {
  const rows = [..."abcdefgh"].map((letter) => ({
    prompt: `After ${letter}?`,
    completion: `${letter} and on.`,
  }));
  const lines = (of: (row: (typeof rows)[0]) => object) =>
    rows.map((row) => JSON.stringify(of(row))).join("\n");
  writeFileSync(
    chats,
    lines((row) => row),
  );
  writeFileSync(
    tasks,
    lines(({ prompt, completion }) => ({ prompt, answer: completion })),
  );
  writeFileSync(
    preferences,
    lines(({ prompt, completion }) => ({ prompt, chosen: completion, rejected: "No." })),
  );
  const sections = rows.map(({ prompt }) => `# ${prompt}\n\n${prompt} ${wordyText(20)}`);
  writeFileSync(notes, sections.join("\n\n"));
  const tokenizer = byteTokenizer({ specialTokens: ["<|endoftext|>"] });
  const sizes = { contextLength: 96, numLayers: 1, numHeads: 2, width: 16 };
  const model = gpt2({ ...sizes, vocabSize: tokenizer.vocabSize });
  const layout = layOut(model.parameters, adamw({ lr: 1 }));
  const flat = new Float32Array(layout.size);
  initialiseAll(layout, flat, 1);
  await makePictures(pictures, { size: 8, perClass: 20 });
  await makeEncoder(encoder, 8);
  writeToneWords(recordings, toneSentences(12));
  writeToneClips(clips, 2);
  writeFileSync(pairs, asTsv(toyPairs(40)));
  await writeDrawnThings(things, 12);
  writeMadeChorales(chorales);
  mkdirSync(songs);
  for (let i = 0; i < 30; i++) {
    const score = choraleScore(Int8Array.from(madeChorale(16, i).flat()));
    writeFileSync(join(songs, `${i}.mid`), writeMidi(score));
  }
  await saveModel(openFolder(pretrained), { model, tokenizer, weights: weightsOf(layout, flat) });
});

/** Flags that make any recipe small, and keep of it what is its own: the kinds, the schedule, the switches. */
function shrunk({ data, features, model, optimizer, training, generation }: Recipe): Override[] {
  const sizes = { "model.numLayers": 1, "model.width": 16, "model.numHeads": 2, "model.contextLength": 16 };
  const flags: Record<string, string | number> = {
    ...(model.kind === "pretrained" ? { "model.from": pretrained } : sizes),
    "data.files": { text, chat: chats, preferences, notes, tasks }[data.format],
    "training.steps": 2,
    "training.batchSize": 2,
    "training.evaluateEvery": 2,
    "training.evaluationBatches": 1,
    "training.checkpointEvery": 2,
    "optimizer.schedule.warmupSteps": 0,
    "generation.maxTokens": 4,
  };
  if (model.kind === "llama") flags["model.hiddenWidth"] = 32;
  if (model.kind === "llama" && model.kvHeads !== undefined) flags["model.kvHeads"] = 1;
  if (model.kind === "llama" && model.headWidth !== undefined) flags["model.headWidth"] = 8;
  if (training.sequenceLength !== undefined) flags["training.sequenceLength"] = 16;
  if (features.kind === "bpe") flags["features.vocabSize"] = 300;
  if (optimizer.schedule.decaySteps !== undefined) flags["optimizer.schedule.decaySteps"] = 1;
  if (training.microBatches > 1) flags["training.microBatches"] = 2;
  writeFileSync(text, `${generation.prompt}\n${wordyText(200)}`);
  return Object.entries(flags).map(([key, value]) => [key, String(value)]);
}

/** As `shrunk`, for recipes on images. */
function shrunkImages({ model, data, training }: ImageRecipe): Override[] {
  const flags: Record<string, string | number> = {
    "data.path": pictures,
    "features.size": 8,
    "training.batchSize": 4,
    "training.evaluateEvery": 2,
    "training.checkpointEvery": 2,
    "optimizer.schedule.warmupSteps": 0,
    "generation.count": 4,
    "generation.steps": 2,
    ...(training.epochs === undefined ? { "training.steps": 2 } : { "training.epochs": 0.25 }),
  };
  if (data.labelsPerClass !== undefined) flags["data.labelsPerClass"] = 4;
  if (model.kind === "dit" || model.kind === "vit" || model.kind === "mae") {
    Object.assign(flags, { "model.embedWidth": 16, "model.numLayers": 1, "model.numHeads": 2 });
  }
  if (model.kind === "mae") Object.assign(flags, { "model.decoderWidth": 8, "model.decoderHeads": 2 });
  if (model.kind === "resnet") flags["model.baseWidth"] = 8;
  if (model.kind === "pretrained") flags["model.from"] = encoder;
  return Object.entries(flags).map(([key, value]) => [key, String(value)]);
}

async function tryImages(name: string, own: ImageRecipe): Promise<void> {
  const recipe = (await loadRecipe(name, shrunkImages(own))).recipe as ImageRecipe;
  const folder = openFolder(join(place, name));
  const run = await startRun(recipe, folder, { runtime: nodeRuntime, openFolder });
  const { reason, validation } = await run.train();
  expect(reason).toBe("steps");
  expect(validation!.loss).toBeLessThan(4); // flow matching starts near 2, masked patches near 1, two classes at 0.7
  expect((await openImageModel(folder)).kind).toBe(run.built.kind);
}

/** As `shrunk`, for recipes on speech. */
const shrunkSpeech: Override[] = Object.entries({
  "data.path": recordings,
  ...{ "model.width": 16, "model.numLayers": 1, "model.numHeads": 2, "model.hiddenWidth": 32 },
  ...{
    "training.batchSize": 2,
    "training.steps": 2,
    "training.evaluateEvery": 2,
    "training.checkpointEvery": 2,
  },
  "optimizer.schedule.warmupSteps": 0,
}).map(([key, value]) => [key, String(value)]);

async function tryVocoder(name: string): Promise<void> {
  const flags = {
    ...{ "data.path": recordings, "features.frames": 16, "model.width": 16, "model.hiddenWidth": 16 },
    ...{ "model.numLayers": 1, "training.steps": 2, "training.batchSize": 2, "training.evaluateEvery": 2 },
    ...{ "training.checkpointEvery": 2, "optimizer.schedule.warmupSteps": 0 },
  };
  const overrides: Override[] = Object.entries(flags).map(([key, value]) => [key, String(value)]);
  const recipe = (await loadRecipe(name, overrides)).recipe as VocoderRecipe;
  const folder = openFolder(join(place, name));
  const { reason, validation } = await (
    await startRun(recipe, folder, { runtime: nodeRuntime, openFolder })
  ).train();
  expect(reason).toBe("steps");
  expect(validation!.loss).toBeLessThan(10); // of spectra of about variance 1, but tones between silence vary more
  expect((await openVocoder(folder)).mel.sampleRate).toBe(16_000);
}

async function trySpeech(name: string): Promise<void> {
  const recipe = (await loadRecipe(name, shrunkSpeech)).recipe as SpeechRecipe;
  const folder = openFolder(join(place, name));
  const run = await startRun(recipe, folder, { runtime: nodeRuntime, openFolder });
  const { reason, validation } = await run.train();
  expect(reason).toBe("steps");
  // Codes start at chance; a letter costs some frames in which its symbol and the blanks are guessed.
  const isCtc = recipe.objective.kind === "ctc";
  expect(validation!.loss).toBeLessThan(isCtc ? 20 : 2 * Math.log(1024));
  expect((await openSpeechModel(folder)).kind).toBe(isCtc ? "recogniser" : "encoder");
}

/** As `shrunk`, for recipes on translation. */
const shrunkTranslation: Override[] = Object.entries({
  "data.pairs": pairs,
  "features.vocabSize": 300,
  ...{ "model.width": 16, "model.numLayers": 1, "model.numDecoderLayers": 1, "model.numHeads": 2 },
  "model.hiddenWidth": 32,
  ...{ "training.batchSize": 2, "training.buckets": 1, "training.epochs": 0.05 },
  ...{ "training.evaluateEvery": 2, "training.checkpointEvery": 2 },
  "optimizer.schedule.warmupSteps": 0,
}).map(([key, value]) => [key, String(value)]);

async function tryTranslation(name: string): Promise<void> {
  const recipe = (await loadRecipe(name, shrunkTranslation)).recipe as TranslationRecipe;
  const folder = openFolder(join(place, name));
  const run = await startRun(recipe, folder, { runtime: nodeRuntime, openFolder });
  const { reason, validation } = await run.train();
  expect(reason).toBe("steps");
  expect(validation!.loss).toBeLessThan(2 * Math.log(300));
  expect((await openTranslator(folder)).tokenizer.vocabSize).toBe(300);
}

/** As `shrunk`, for recipes on detection. */
const shrunkDetection: Override[] = Object.entries({
  "data.path": things,
  ...{ "features.height": 48, "features.width": 64 },
  ...{ "model.stemWidth": 8, "model.stageWidths": "[8,8]", "model.blocksPerStage": "[1,1]" },
  ...{ "model.mapWidth": 8, "model.towerLayers": 1 },
  ...{
    "training.batchSize": 4,
    "training.steps": 2,
    "training.evaluateEvery": 2,
    "training.checkpointEvery": 2,
  },
  "optimizer.schedule.warmupSteps": 0,
}).map(([key, value]) => [key, String(value)]);

async function tryDetection(name: string): Promise<void> {
  const recipe = (await loadRecipe(name, shrunkDetection)).recipe as DetectionRecipe;
  const folder = openFolder(join(place, name));
  const run = await startRun(recipe, folder, { runtime: nodeRuntime, openFolder });
  const { reason, validation } = await run.train();
  expect(reason).toBe("steps");
  expect(validation!.loss).toBeLessThan(6); // boxes that overlap nothing cost up to 4, the classes begin near 1
  expect((await openImageModel(folder)).kind).toBe("detector");
}

/** As `shrunk`, for recipes on music. */
const shrunkMusic = ({ features, model }: MusicRecipe): Override[] =>
  Object.entries({
    ...(features.kind === "chorales" ? { "data.path": chorales } : { "data.files": songs }),
    ...(model.kind === "llama"
      ? { "model.contextLength": 140, "model.hiddenWidth": 32 }
      : { "model.bars": 2, "model.mlpWidth": 32 }),
    ...{ "model.width": 16, "model.numLayers": 1, "model.numHeads": 2 },
    ...{ "training.batchSize": 2, "training.steps": 2 },
    ...{ "training.evaluateEvery": 2, "training.checkpointEvery": 2 },
    ...{ "optimizer.schedule.warmupSteps": 0, "generation.bars": 1 },
  }).map(([key, value]) => [key, String(value)]);

async function tryMusic(name: string, own: MusicRecipe): Promise<void> {
  const recipe = (await loadRecipe(name, shrunkMusic(own))).recipe as MusicRecipe;
  const folder = openFolder(join(place, name));
  const run = await startRun(recipe, folder, { runtime: nodeRuntime, openFolder });
  const { reason, validation } = await run.train();
  expect(reason).toBe("steps");
  expect(validation!.loss).toBeLessThan(2 * Math.log(own.features.kind === "remi" ? 1000 : 220));
  const { kind } = await findNamed(join(place, name), "latest", { runtime: nodeRuntime, openFolder });
  expect(kind.name).toBe(own.model.kind === "llama" ? "music model" : "harmony model");
}

/** As `shrunk`, for recipes on sound. */
function shrunkSound({ model }: SoundRecipe): Override[] {
  const flags: Record<string, string | number> = {
    "data.path": clips,
    "data.names": "{class}_{speaker}_{take}",
    "data.heldOut": '{ "take": "0" }',
    ...{ "features.sampleRate": 8000, "features.seconds": 0.3 },
    ...{ "training.batchSize": 2, "training.steps": 2, "training.evaluateEvery": 2 },
    ...{ "training.checkpointEvery": 2, "optimizer.schedule.warmupSteps": 0 },
    ...{ "generation.count": 2, "generation.steps": 2 },
    ...(model.kind === "dit"
      ? { "model.embedWidth": 16, "model.numLayers": 1, "model.numHeads": 2 }
      : { "model.baseWidth": 8 }),
  };
  return Object.entries(flags).map(([key, value]) => [key, String(value)]);
}

async function trySound(name: string, own: SoundRecipe): Promise<void> {
  const recipe = (await loadRecipe(name, shrunkSound(own))).recipe as SoundRecipe;
  const folder = openFolder(join(place, name));
  const run = await startRun(recipe, folder, { runtime: nodeRuntime, openFolder });
  const { reason, validation } = await run.train();
  expect(reason).toBe("steps");
  // A network that knows nothing says what is expected: near the end of time its velocity is off twentyfold.
  expect(validation!.loss).toBeLessThan(400);
  expect((await openSoundModel(folder)).kind).toBe(own.model.kind === "dit" ? "denoiser" : "classifier");
}

describe("recipes/", () => {
  it("has the quick start and others", () => {
    expect(shippedRecipes()).toEqual(expect.arrayContaining(["gpt-quickstart", "shakespeare-char"]));
  });

  // A recipe may draw its own pictures first.
  it.each(shippedRecipes())("%s", { timeout: 120_000 }, async (name) => {
    const own = (await loadRecipe(name, [])).recipe;
    if (own.data.format === "images") return tryImages(name, own as ImageRecipe);
    if (own.data.format === "speech") return trySpeech(name);
    if (own.data.format === "vocoder") return tryVocoder(name);
    if (own.data.format === "translation") return tryTranslation(name);
    if (own.data.format === "sound") return trySound(name, own as SoundRecipe);
    if (own.data.format === "detection") return tryDetection(name);
    if (own.data.format === "music") return tryMusic(name, own as MusicRecipe);
    const recipe = (await loadRecipe(name, shrunk(own as Recipe))).recipe as Recipe;
    const folder = openFolder(join(place, name));
    const run = await startRun(recipe, folder, { runtime: nodeRuntime, openFolder });
    const { reason, steps, validation } = await run.train();
    expect([reason, steps]).toEqual(["steps", 2]);
    expect(validation!.loss).toBeLessThan(2 * Math.log(run.tokenizer.vocabSize));

    const { model, weights, tokenizer, generation } = await openModel(folder, "latest", async (base) =>
      openFolder(base),
    );
    const session = await compileDecoder(nodeRuntime, model, weights);
    const prompts = [recipe.generation.prompt];
    const [{ tokenCount }] = await generate(session, tokenizer!, {
      temperature: 1,
      maxTokens: 4,
      ...generation,
      prompts,
    });
    expect(tokenCount).toBeLessThanOrEqual(4);
  });
});
