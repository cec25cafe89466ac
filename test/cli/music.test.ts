/** Music through the command line: learning, writing, going on, filling in, harmonising, measuring. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import tonejs from "@tonejs/midi";
import { parseMidi } from "midi-file";
import { beforeAll, describe, expect, it } from "vitest";
import { readMidi } from "../../src/data/music/midi.js";
import { writeMidi } from "../../src/data/music/write-midi.js";
import { choraleScore, gridOfScore } from "../../src/features/music/chorale-words.js";
import { madeChorale, writeMadeChorales } from "../made-chorales.js";
import { autodidact, temporaryFolder } from "./command-line.js";
import { refuse } from "./refuse.js";

const place = temporaryFolder();
const set = join(place, "chorales.json");
const [words, grid] = [join(place, "runs/words"), join(place, "runs/grid")];
const given = join(place, "given.mid");
const own = Int8Array.from(madeChorale(16, 50).flat());
const out = (name: string) => join(place, name);

async function train(name: string, model: object, objective: object, folder: string, steps = 40) {
  const recipe = {
    data: { format: "music", path: set },
    features: { kind: "chorales", transpose: 2, infill: 0.3 },
    ...{ model, objective },
    optimizer: { kind: "adamw", lr: 1e-2, schedule: { kind: "constant" } },
    training: { batchSize: 4, steps, evaluateEvery: steps, checkpointEvery: steps, threads: 1 },
    generation: { bars: 1 },
  };
  const file = join(place, `${name}.mjs`);
  writeFileSync(file, `export default ${JSON.stringify(recipe)};`);
  const { code, stderr } = await autodidact("train", file, "--out", folder);
  expect(code, stderr).toBe(0);
  return stderr;
}

const gridIn = (path: string) => gridOfScore(readMidi(readFileSync(path), path).score).grid;
/** Of a grid, bars from the one to before the other. */
const bars = (whole: Int8Array, from: number, to: number) => whole.subarray(from * 64, to * 64);

let told: string;
beforeAll(async () => {
  writeMadeChorales(set);
  writeFileSync(given, writeMidi(choraleScore(own)));
  const small = { numLayers: 1, numHeads: 2, width: 32 };
  const llama = { kind: "llama", contextLength: 408, hiddenWidth: 64, ...small };
  told = await train("words", llama, { kind: "nextToken" }, words);
  const masked = { kind: "maskedGrid", bars: 2, mlpWidth: 64, ...small };
  await train("grid", masked, { kind: "anyOrder" }, grid, 250);
}, 120_000);

describe("train", () => {
  it("says what it learns from and what comes next", () => {
    expect(told).toMatch(/llama with .* parameters, 216 words of chorales/);
    expect(told).toMatch(/6 pieces to learn from, 2 held out/);
    expect(told).toMatch(/generate .*words --bars 16 --out song.mid/);
  });
});

describe("generate", () => {
  it("writes as many bars as asked, which two other readers of MIDI read", async () => {
    const path = out("a.mid");
    const { code, stderr } = await autodidact(
      ...["generate", words, "--bars", "3", "--tempo", "96", "--seed", "4", "--out", path],
    );
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/3 bars in/);
    expect(gridIn(path).length).toBe(3 * 64);
    const bytes = readFileSync(path);
    expect(parseMidi(bytes).header.format).toBe(1);
    const midi = new tonejs.Midi(bytes);
    expect(midi.header.tempos[0].bpm).toBeCloseTo(96, 3); // whole microseconds a beat
    expect(midi.tracks.flatMap(({ notes }) => notes).length).toBeGreaterThan(0);
  });

  it("gives the same for the same seed, and several pieces into a folder", async () => {
    const folder = out("several");
    for (const path of [out("b.mid"), out("c.mid")]) {
      await autodidact("generate", words, "--bars", "1", "--seed", "9", "--out", path);
    }
    expect(readFileSync(out("b.mid"))).toEqual(readFileSync(out("c.mid")));
    await autodidact("generate", words, "--bars", "1", "--count", "3", "--out", `${folder}/`);
    expect(readdirSync(folder).toSorted()).toEqual(["1.mid", "2.mid", "3.mid"]);
    expect(readFileSync(join(folder, "1.mid"))).not.toEqual(readFileSync(join(folder, "2.mid")));
  });

  it("writes from a GGUF file what its folder writes", async () => {
    const exported = out("gguf");
    const { code, stderr } = await autodidact(
      ...["export", words, "--format", "gguf", "--precision", "float32", "--out", exported],
    );
    expect(code, stderr).toBe(0);
    const file = join(exported, readdirSync(exported).find((name) => name.endsWith(".gguf"))!);
    const asked = ["--bars", "2", "--seed", "3", "--out"];
    await autodidact("generate", words, ...asked, out("folder.mid"));
    const told = await autodidact("generate", file, ...asked, out("file.mid"));
    expect(told.code, told.stderr).toBe(0);
    expect(readFileSync(out("file.mid"))).toEqual(readFileSync(out("folder.mid")));
  });

  it("goes on from a piece, and keeps it", async () => {
    const path = out("on.mid");
    await autodidact("generate", words, "--from", given, "--bars", "2", "--out", path);
    const whole = gridIn(path);
    expect(whole.length).toBe(6 * 64);
    expect(bars(whole, 0, 4)).toEqual(own);
  });

  it.each([
    ["words", words],
    ["a grid", grid],
  ])("by %s fills bars in, and keeps what stands around them", async (_, model) => {
    const path = out("filled.mid");
    const { code, stderr } = await autodidact(
      ...["generate", model, "--from", given, "--infill", "2-3", "--out", path],
    );
    expect(code, stderr).toBe(0);
    const whole = gridIn(path);
    expect(bars(whole, 0, 1)).toEqual(bars(own, 0, 1));
    expect(bars(whole, 3, 4)).toEqual(bars(own, 3, 4));
    expect(bars(whole, 1, 3)).not.toEqual(bars(own, 1, 3));
  });

  it("writes three voices under a melody", async () => {
    const melody = out("melody.mid");
    const alone = own.map((pitch, i) => (i % 4 === 0 ? pitch : -1));
    writeFileSync(melody, writeMidi(choraleScore(alone)));
    const path = out("harmony.mid");
    const { code, stderr } = await autodidact("generate", grid, "--harmonise", melody, "--out", path);
    expect(code, stderr).toBe(0);
    const whole = gridIn(path);
    expect(whole.filter((_, i) => i % 4 === 0)).toEqual(own.filter((_, i) => i % 4 === 0));
    // What was learned stands a fourth, an octave and two under it; a quick run knows most of that.
    const alto = whole.filter((pitch, i) => i % 4 === 1 && pitch === whole[i - 1] - 5).length;
    expect(alto).toBeGreaterThan(64 / 4);
  });

  it("refuses what does not go together, and files that are no MIDI", async () => {
    const noise = out("noise.mid");
    writeFileSync(noise, "no music");
    const asked = (message: RegExp, ...args: string[]) =>
      refuse(place, message, ["generate", ...args, "--out", out("x.mid")]);
    await asked(/--infill 1-2 without --from/, words, "--infill", "1-2");
    await asked(/bars 1 to 4/, words, "--from", given, "--infill", "4-5");
    await asked(/--count 2/, words, "--count", "2");
    await asked(/noise.mid/, words, "--from", noise);
    await asked(/no melody, and no piece/, grid);
  });
});

describe("evaluate", () => {
  const json = async (...args: string[]) => {
    const { code, stdout, stderr } = await autodidact("evaluate", ...args, "--json");
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout);
  };

  it("says nats a note, beside n-grams", async () => {
    const found = await json(words, "--split", "test", "--ngrams", "3");
    // Two pieces of 32 beats; the first word of a piece is given, and its end is not among the notes.
    expect(found).toMatchObject({ metric: "notes", split: "test", notes: 2 * 32 * 16, pieces: 2 });
    expect(found.perNote).toBeLessThan(1);
    expect(found.baseline).toBeLessThan(1);
  });

  it("says what knowing both sides is worth", async () => {
    const found = await json(words, "--metric", "infill");
    expect(found.spans).toBe(2);
    expect(found.gain).toBeCloseTo(found.knownBefore - found.knownBothSides, 9);
  });

  it("says how what is written is like held-out pieces, and what of it is copied", async () => {
    const found = await json(words, "--metric", "samples", "--count", "2", "--bars", "2");
    expect(found.written).toMatchObject({ pieces: 2 });
    expect(found.heldOut.copied.mean).toBeGreaterThan(0);
    // The made pieces keep an octave and two between voices.
    expect(found.voiceLeading.heldOut.parallelOctaves).toBeGreaterThan(0);
  });

  it("of a grid says how well hidden notes are told", async () => {
    const found = await json(grid);
    expect(found).toMatchObject({ metric: "harmony", pieces: 2, windows: 8 });
    expect(found.lowerVoices).toBeLessThan(1.5);
  });
});
