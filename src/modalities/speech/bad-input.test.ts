/** What people have that is not as it should be: refused in three parts, or counted and said, never lost or a crash. */
import { describe, expect, it } from "vitest";
import { type Files, fileWriters } from "../../../test/image-sets.js";
import { toneFile, wavFile } from "../../../test/sounds.js";
import { toneSentences, toneWords } from "../../../test/tone-words.js";
import { nodeRuntime } from "../../core/runtime/node.js";
import { AudioError } from "../../data/audio/audio.js";
import { encodeWav } from "../../data/audio/write-wav.js";
import type { TrainingData } from "../../data/training-data.js";
import { openFolder } from "../../files/disk.js";
import { DataError, MissingFileError } from "../../files/errors.js";
import { memoryFolder } from "../../files/memory.js";
import { RecipeError } from "../../recipe/errors.js";
import { resolveRecipe } from "../find.js";
import { prepareSpeech } from "./learning.js";
import { openPreparedSpeech } from "./prepared.js";
import type { SpeechRecipe } from "./recipe.js";

const { folderOf } = fileWriters();
const sentences = toneSentences(5);

/** Recordings by name, each with its text. */
function spoken(texts: Record<string, string>): Files {
  return Object.fromEntries(
    Object.entries(texts).flatMap(([name, text]) => [
      [`${name}.wav`, encodeWav(toneWords(text))],
      [`${name}.txt`, text],
    ]),
  );
}
const good = spoken(Object.fromEntries(sentences.map((text, i) => [`good ${i}`, text])));

interface Change {
  data?: object;
  objective?: object;
  batchSize?: number;
}

/** What a run learns from files, and its first batches. */
async function learned(files: Files, { data = {}, objective = { kind: "ctc" }, batchSize = 2 }: Change = {}) {
  const recipe = resolveRecipe<SpeechRecipe>(
    {
      data: { format: "speech", path: await folderOf(files), validationFraction: 0.4, ...data },
      features: { kind: "mel" },
      model: { kind: "conformer", width: 16, numLayers: 1, numHeads: 2, hiddenWidth: 32 },
      objective,
      optimizer: { kind: "adamw", lr: 1e-3, schedule: { kind: "constant" } },
      training: { batchSize, buckets: 1, steps: 1, evaluateEvery: 1, checkpointEvery: 1 },
    },
    "a test",
  );
  const run = memoryFolder();
  const prepared = await prepareSpeech(recipe, { runtime: nodeRuntime, openFolder });
  const learning = await prepared.write(run);
  const { train, validation } = await openPreparedSpeech(run);
  return { ...learning, train, validation, batch: await (learning.data as TrainingData).training(0) };
}

describe("sound that is learned from", () => {
  it.each([
    ["of 8 kHz", toneFile(1, 500, 8000)],
    ["that is silent", wavFile({}, new Uint8Array(32_000))],
    [
      "that is clipped",
      wavFile(
        {},
        new Uint8Array(
          Int16Array.from({ length: 16_000 }, (_, i) => (i % 40 < 20 ? 32_767 : -32_768)).buffer,
        ),
      ),
    ],
    ["with an offset", wavFile({}, new Uint8Array(new Int16Array(16_000).fill(9000).buffer))],
  ])("%s has finite features", async (_, bytes) => {
    const files = { "train/a.wav": bytes, "train/a.txt": "no", "test/b.wav": bytes, "test/b.txt": "no" };
    const { batch, leftOut } = await learned(files);
    expect(leftOut).toEqual([]);
    // Bands are normalised: what has no variance must not be blown up.
    expect(batch.features.every((value) => Math.abs(value) < 20)).toBe(true);
  });

  it("in stereo is the mean of both sides", async () => {
    const pairs = Int16Array.from({ length: 20_000 }, (_, i) => (i % 2 === 0 ? 8000 : 2000));
    const bytes = wavFile({ channels: 2 }, new Uint8Array(pairs.buffer));
    const { train } = await learned({
      "train/a.wav": bytes,
      "train/a.txt": "no",
      ...prefixed("test/", good),
    });
    expect(await train.read(0)).toEqual(new Float32Array(10_000).fill(5000 / 32_768));
  });

  it("may be less than a batch", async () => {
    const { batch, description } = await learned(good, { batchSize: 40 });
    expect([description.train, description.validation]).toEqual([3, 2]);
    expect(batch.counted).toHaveLength(40);
  });
});

const prefixed = (prefix: string, files: Files): Files =>
  Object.fromEntries(Object.entries(files).map(([name, bytes]) => [prefix + name, bytes]));

describe("recordings that cannot be used", () => {
  const nan = new Uint8Array(new Float32Array(16_000).fill(Number.NaN).buffer);
  const bad = {
    "a file without bytes": new Uint8Array(),
    "a file cut short": (good["good 0.wav"] as Uint8Array).subarray(0, 3000),
    "a file of NaN": wavFile({ tag: 3, bits: 32 }, nan),
    "a file without samples": wavFile({}, new Uint8Array()),
    "a file of something else": "no sound",
  };

  it.each(Object.entries(bad))("%s stops the run, or is passed over and counted", async (_, bytes) => {
    const files = { ...good, "bad.wav": bytes, "bad.txt": "no" };
    await expect(learned(files)).rejects.toThrow(AudioError);
    await expect(learned(files)).rejects.toThrow(/bad\.wav/);
    const { leftOut } = await learned(files, { data: { onCorrupt: "skip" } });
    expect(leftOut).toEqual([expect.stringMatching(/^1: .*, such as .*bad\.wav/)]);
  });

  it("are told of all at once", async () => {
    const files = prefixed("train/", {
      ...good,
      ...Object.fromEntries(
        Object.values(bad).flatMap((bytes, i) => [
          [`${i}.wav`, bytes],
          [`${i}.txt`, "no"],
        ]),
      ),
    });
    const learning = learned({ ...files, ...prefixed("test/", good) });
    await expect(learning).rejects.toThrow(/5 of 10 recordings cannot be used[\s\S]*2 more/);
  });

  it("of 10 ms are counted", async () => {
    const { leftOut } = await learned({ ...good, "short.wav": toneFile(0.01), "short.txt": "no" });
    expect(leftOut).toEqual([
      expect.stringMatching(/^1: a recording is shorter than 0\.1 s, .*short\.wav: 0\.01 s/),
    ]);
  });
});

describe("texts that cannot be used", () => {
  it("without words are counted", async () => {
    const { leftOut, train, validation } = await learned({
      ...good,
      ...spoken({ empty: " ", marks: "?! ..." }),
      "none.wav": toneFile(0.3),
    });
    expect(leftOut).toEqual(["3 without words in a text, such as empty"]);
    expect(train.examples.length + validation.examples.length).toBe(5);
  });

  it("longer than their sound are counted", async () => {
    const long = { "long.wav": toneFile(0.2), "long.txt": "a node and a node and a node" };
    const { leftOut } = await learned({
      ...prefixed("train/", { ...good, ...long }),
      ...prefixed("test/", good),
    });
    expect(leftOut).toEqual(["1 with more letters than the sound has room for"]);
    const alone = learned({ ...prefixed("train/", long), ...prefixed("test/", good) });
    await expect(alone).rejects.toThrow(DataError);
    await expect(alone).rejects.toThrow(/0 for train, 1 with more letters than the sound has room for/);
  });

  it("are missing altogether", async () => {
    const sound = Object.fromEntries(Object.entries(good).filter(([name]) => name.endsWith(".wav")));
    await expect(learned(sound)).rejects.toThrow(RecipeError);
    await expect(learned(sound)).rejects.toThrow(/none of 5 in .*speech-bestrq/s);
    const { description } = await learned(sound, { objective: { kind: "bestRq" } });
    expect(description.train + description.validation).toBe(5);
  });

  it("that say the same are on one side, in whichever form, case and punctuation", async () => {
    const forms = (text: string) => [text, text.toUpperCase(), `${text}!`, text.normalize("NFD")];
    const texts = ["loď node", "čau and", "žena ode", "no need"].flatMap(forms);
    const { train, validation } = await learned(
      spoken(Object.fromEntries(texts.map((text, i) => [`${i}`, text]))),
    );
    const [heard, held] = [train, validation].map(({ examples }) => examples.map(({ text }) => text));
    expect([heard.length, held.length]).toEqual([12, 4]);
    expect(new Set([...heard, ...held]).size).toBe(4);
    expect(held.filter((text) => heard.includes(text))).toEqual([]);
  });
});

describe("sets that cannot be used", () => {
  const table = (...rows: string[]) => ["path\ttext", ...rows].join("\n");

  it("a list of files that are missing: counted, refused where all are", async () => {
    const rows = sentences.map((text, i) => `good ${i}.wav\t${text}`);
    const sound = Object.fromEntries(Object.entries(good).filter(([name]) => name.endsWith(".wav")));
    const { leftOut } = await learned({
      ...sound,
      "list.tsv": table(...rows, "gone.wav\tno", "lost.wav\tno"),
    });
    expect(leftOut).toEqual(["2 files of lists, not to be found, such as gone.wav, lost.wav"]);
    await expect(learned({ ...sound, "list.tsv": table("gone.wav\tno") })).rejects.toThrow(
      /1 missing, gone\.wav/,
    );
  });

  it.each([
    ["no recordings", { "a.md": "no" }, /there are no recordings/],
    ["one recording", spoken({ a: "no" }), /too few recordings[\s\S]*1 recording/],
    ["one sentence", spoken({ a: "no", b: "No." }), /too few recordings[\s\S]*two sentences/],
  ])("%s", async (_, files, message) => {
    await expect(learned(files)).rejects.toThrow(DataError);
    await expect(learned(files)).rejects.toThrow(message);
  });

  it("none at all", async () => {
    const nowhere = { data: { path: "no-such-folder" } };
    await expect(learned({}, nowhere)).rejects.toThrow(MissingFileError);
  });
});
