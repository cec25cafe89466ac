import { describe, expect, it } from "vitest";
import { toneFile } from "../../../test/sounds.js";
import { AudioError } from "../../data/audio/audio.js";
import type { Recording } from "../../data/audio/recording.js";
import { DataError, ShardError } from "../../files/errors.js";
import { memoryFolder } from "../../files/memory.js";
import { resolveRecipe } from "../find.js";
import { openPreparedSpeech, writeSpeech } from "./prepared.js";
import type { SpeechRecipe } from "./recipe.js";

const recipeOf = (data: object = {}) =>
  resolveRecipe<SpeechRecipe>(
    {
      data: { format: "speech", path: "spoken", validationFraction: 0.5, ...data },
      features: { kind: "mel" },
      model: { kind: "conformer", width: 16, numLayers: 1, numHeads: 2, hiddenWidth: 32 },
      objective: { kind: "ctc" },
      optimizer: { kind: "adamw", lr: 1e-3, schedule: { kind: "constant" } },
      training: { batchSize: 2, steps: 1, evaluateEvery: 1, checkpointEvery: 1 },
    },
    "a test",
  );

function recordingsOf(...texts: (string | undefined)[]): Recording[] {
  return texts.map((text, i) => ({
    id: `${i}`,
    source: `${i}.wav`,
    text,
    read: async () => toneFile(0.2 + i / 100),
  }));
}

async function write(
  recordings: readonly Recording[],
  { data = {}, texts = true, leftOut = [] as string[] } = {},
) {
  const folder = memoryFolder();
  await writeSpeech({ layout: "a test", recordings, leftOut }, recipeOf(data), texts, folder, {});
  return { folder, prepared: await openPreparedSpeech(folder) };
}

describe("writeSpeech and openPreparedSpeech", () => {
  it("keeps normalised texts, and the letters of those that are learned", async () => {
    const { prepared } = await write(recordingsOf("Lod\u030C, ano!", "LO\u010E ano", "LO\u010E ano?", "Čau"));
    const { train, validation, vocabulary, notes, leftOut } = prepared;
    const texts = [train, validation].map(({ examples }) => new Set(examples.map(({ text }) => text)));
    expect(texts.map((set) => set.size)).toEqual([1, 1]);
    expect(new Set(texts.flatMap((set) => [...set]))).toEqual(new Set(["lo\u010F ano", "čau"]));
    const letters = new Set([...texts[0]].join("").replaceAll(" ", ""));
    expect(vocabulary!.tokens).toEqual(["[PAD]", "[UNK]", "|", ...[...letters].sort()]);
    expect(notes).toEqual([expect.stringMatching(/^validation is 1 text of 2, so that no sentence/)]);
    expect(leftOut).toEqual([]);
  });

  it("counts what is left out, and says it with what the set leaves out", async () => {
    const short = { ...recordingsOf("ode")[0], id: "s", source: "s.wav", read: async () => toneFile(0.05) };
    const { prepared } = await write(
      [...recordingsOf("no", "and", "ode", undefined, "...", "!"), short, { ...short, text: "no" }],
      { leftOut: ["2 files of other kinds (.md): a.md"] },
    );
    const [ofSet, wordless, ...told] = prepared.leftOut;
    expect([ofSet, wordless]).toEqual([
      "2 files of other kinds (.md): a.md",
      expect.stringMatching(/^3 without words in a text, such as \w+$/),
    ]);
    const counts = told.map(
      (line) => /^(\d): a recording is shorter than 0\.1 s, such as s\.wav: 0\.05 s$/.exec(line)![1],
    );
    expect(counts.reduce((sum, count) => sum + Number(count), 0)).toBe(2);
    expect(prepared.train.examples.length + prepared.validation.examples.length).toBe(3);
  });

  it("says that figures stay figures, unless it knows how they are read", async () => {
    const spoken = () => recordingsOf("take 5", "take 12 nodes", "node");
    const { notes } = (await write(spoken())).prepared;
    expect(notes).toContainEqual(
      expect.stringMatching(/^figures in texts stay figures, such as (5, 12|12, 5): say data\.language$/),
    );
    const english = (await write(spoken(), { data: { language: "en" } })).prepared;
    expect(english.notes).toHaveLength(1);
    const texts = [english.train, english.validation].flatMap(({ examples }) => examples);
    expect(texts.map(({ text }) => text)).toContain("take twelve nodes");
  });

  it("without texts keeps all there is, also what is long", async () => {
    const { prepared } = await write(recordingsOf("no", undefined, "..."), {
      texts: false,
      data: { longestSeconds: 0.1 },
    });
    expect(prepared.vocabulary).toBeUndefined();
    expect(prepared.train.examples.length + prepared.validation.examples.length).toBe(3);
    expect(prepared.leftOut).toEqual([]);
  });

  it("refuses a set of which nothing is left to learn from", async () => {
    const writing = write(recordingsOf("no", "and", "ode"), { data: { longestSeconds: 0.15 } });
    await expect(writing).rejects.toThrow(DataError);
    await expect(writing).rejects.toThrow(/0 for train.*longer than 0\.15 s[\s\S]*longestSeconds/);
  });

  it("stops at recordings that cannot be read, or leaves them out and says which", async () => {
    const spoken = recordingsOf("no", "and", "ode", "need");
    const broken = { ...spoken[3], source: "broken.wav", read: async () => new Uint8Array() };
    const all = [...spoken, broken];
    await expect(write(all)).rejects.toThrow(AudioError);
    const { prepared } = await write(all, { data: { onCorrupt: "skip" } });
    expect(prepared.leftOut).toEqual([
      expect.stringMatching(/^1: a recording is empty, such as broken\.wav: 0 bytes$/),
    ]);
  });
});

describe("openPreparedSpeech refuses", () => {
  const spoil = async (file: string, bytes: Uint8Array | undefined) => {
    const { folder } = await write(recordingsOf("no", "and"));
    if (bytes) await folder.write(file, bytes);
    else await folder.remove(file);
    return openPreparedSpeech(folder);
  };
  const text = (value: string) => new TextEncoder().encode(value);

  it.each([
    ["no list", "speech.json", undefined, /no speech\.json/],
    ["a list that is none", "speech.json", text("{"), /list of prepared recordings is damaged/],
    ["a list of something else", "speech.json", text('{"tokens": [1]}'), /is damaged/],
    ["no sound", "train/index.json", undefined, /no complete prepared recordings/],
    ["sound cut short", "validation/samples.bin", new Uint8Array(7), /samples\.bin/],
  ])("%s", async (_, file, bytes, message) => {
    const opening = spoil(file, bytes);
    await expect(opening).rejects.toThrow(ShardError);
    await expect(opening).rejects.toThrow(message);
  });
});
