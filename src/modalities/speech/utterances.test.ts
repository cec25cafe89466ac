import { describe, expect, it } from "vitest";
import type { PreparedAudio } from "../../data/audio/prepared-audio.js";
import { speechFrames } from "../../features/audio/feature-extractor.js";
import { ctcVocabulary } from "../../features/tokenizer/ctc-vocabulary.js";
import { DataError } from "../../files/errors.js";
import { resolveRecipe } from "../find.js";
import type { PreparedSpeech } from "./prepared.js";
import type { SpeechRecipe } from "./recipe.js";
import { featureWidth, speechSets } from "./utterances.js";

const second = 16_000;
const vocabulary = ctcVocabulary(["a node"]);

function recipeOf(change: { longestSeconds?: number; speeds?: number[]; buckets?: number } = {}) {
  const { longestSeconds = 20, speeds, buckets = 2 } = change;
  return resolveRecipe<SpeechRecipe>(
    {
      data: { format: "speech", path: "spoken", longestSeconds },
      features: { kind: "mel", augment: { speeds } },
      model: { kind: "conformer", width: 16, numLayers: 1, numHeads: 2, hiddenWidth: 32 },
      objective: { kind: "ctc" },
      optimizer: { kind: "adamw", lr: 1e-3, schedule: { kind: "constant" } },
      training: { batchSize: 2, buckets, steps: 1, evaluateEvery: 1, checkpointEvery: 1 },
    },
    "a test",
  );
}

/** Recordings of so many seconds, and what is said in each. */
function prepared(
  train: readonly (readonly [number, string?])[],
  validation: readonly (readonly [number, string?])[],
): PreparedSpeech {
  const audio = (examples: readonly (readonly [number, string?])[]): PreparedAudio => ({
    sampleRate: second,
    examples: examples.map(([seconds, text], i) => ({ id: `${i}`, samples: seconds * second, text })),
    read: () => Promise.reject(new Error("nothing is read")),
  });
  return {
    location: "memory",
    train: audio(train),
    validation: audio(validation),
    notes: [],
    leftOut: [],
  };
}

describe("speechSets", () => {
  it("gives no two shapes equally many frames, as a batch is told by them", () => {
    // 360 and 720 rows, of which twice as many and as many make a batch.
    const [short, long] = [(400 + 719 * 160) / second, (400 + 1439 * 160) / second];
    const train = [...Array(4).fill([short]), ...Array(2).fill([long])];
    const { shapes } = speechSets(prepared(train, [[short]]), recipeOf(), undefined);
    expect(shapes.map(({ batchSize, frames }) => [batchSize, frames])).toEqual([
      [4, 360],
      [2, 721],
    ]);
  });

  it("cuts recordings without text into as few pieces of one length as are not too long", () => {
    const { train, leftOut } = speechSets(prepared([[45], [20], [20.5]], [[5]]), recipeOf(), undefined);
    const piece = (number: number, start: number, seconds: number) => ({
      number,
      start: start * second,
      samples: seconds * second,
    });
    expect(train.utterances).toEqual([
      ...[0, 15, 30].map((start) => piece(0, start, 15)),
      piece(1, 0, 20),
      ...[0, 10.25].map((start) => piece(2, start, 10.25)),
    ]);
    expect(leftOut).toEqual([]);
  });

  it("leaves out and counts texts that the sound has no room for, at the fastest speed in training alone", () => {
    const text = "a node a node";
    // 13 labels: 0.33 s have 16 frames, at twice the speed 7.
    const set = prepared(
      [
        [2, text],
        [0.33, text],
      ],
      [
        [2, text],
        [0.33, text],
        [0.2, text],
      ],
    );
    const fast = speechSets(set, recipeOf({ speeds: [1, 2] }), vocabulary);
    expect(fast.train.utterances.map(({ number }) => number)).toEqual([0]);
    expect(fast.validation.utterances.map(({ number }) => number)).toEqual([0, 1]);
    expect(fast.leftOut).toEqual(["2 with more letters than the sound has room for"]);
    const steady = speechSets(set, recipeOf(), vocabulary);
    expect(steady.train.utterances.map(({ labels }) => labels!.length)).toEqual([13, 13]);
    expect(steady.leftOut).toEqual(["1 with more letters than the sound has room for"]);
  });

  it("needs a blank between letters that repeat", () => {
    const short = (text: string) => speechSets(prepared([[0.2, text]], [[1, "a"]]), recipeOf(), vocabulary);
    // 0.2 s: 9 frames, of which the last may be half a frame.
    expect(short("nodenode").train.utterances).toHaveLength(1);
    expect(() => short("nodeenod")).toThrow(DataError);
  });

  it("refuses where nothing is left of a split", () => {
    const sets = (train: [number, string], validation: [number, string]) => () =>
      speechSets(prepared([train], [validation]), recipeOf(), vocabulary);
    const tooMuch = "node ".repeat(20).trim();
    expect(sets([1, tooMuch], [1, "node"])).toThrow(/0 for train.* 1 with more letters/s);
    expect(sets([1, "node"], [1, tooMuch])).toThrow(/0 for validation.* 1 with more letters/s);
  });

  it("has both splits in buckets of the same shapes, with room for the slowest", () => {
    const seconds = [1, 1.5, 2, 4, 5, 6];
    const spoken = seconds.map((length) => [length, "a node".slice(0, length)] as const);
    const speeds = [0.8, 1];
    const { train, validation, shapes } = speechSets(
      prepared(spoken, [
        [1, "no"],
        [6, "a"],
      ]),
      recipeOf({ speeds }),
      vocabulary,
    );
    for (const { buckets, utterances } of [train, validation]) {
      expect(buckets).toHaveLength(shapes.length);
      const members = buckets.flatMap((bucket) => bucket.members);
      expect(members.toSorted((a, b) => a - b)).toEqual([...utterances.keys()]);
    }
    expect(shapes).toHaveLength(2);
    for (const [i, { frames, batchSize, maxLabels, featureWidth: width }] of shapes.entries()) {
      const [learned, heard] = [train, validation].map(({ buckets, utterances }) =>
        buckets[i].members.map((member) => utterances[member]),
      );
      const lengths = [
        ...learned.map(({ samples }) => Math.round(samples / 0.8)),
        ...heard.map(({ samples }) => samples),
      ];
      expect(frames).toBe(Math.max(...lengths.map(speechFrames)));
      expect(maxLabels).toBe(Math.max(...[...learned, ...heard].map(({ labels }) => labels!.length)));
      expect(batchSize).toBe(Math.floor((2 * shapes[1].frames) / frames));
      expect(width).toBe(featureWidth);
    }
  });

  it("takes few recordings for many buckets", () => {
    const { shapes, train } = speechSets(prepared([[1]], [[1]]), recipeOf({ buckets: 8 }), undefined);
    expect(shapes).toHaveLength(train.buckets.length);
    expect(train.buckets.flatMap(({ members }) => members)).toEqual([0]);
  });
});
