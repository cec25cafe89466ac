/** Speech through the command line: learning from sound and from texts, going on, writing down, measuring. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { Audio } from "../../src/data/audio/audio.js";
import { toPcm16 } from "../../src/data/audio/pcm16.js";
import { encodeWav } from "../../src/data/audio/write-wav.js";
import { openFolder } from "../../src/files/disk.js";
import { openSpeechModel } from "../../src/interop/speech-folder.js";
import { toneFile, wavFile } from "../sounds.js";
import { toneSentences, toneWords, writeToneWords } from "../tone-words.js";
import { autodidact, startProcess, temporaryFolder } from "./command-line.js";
import { refuse } from "./refuse.js";

const place = temporaryFolder();
const spoken = join(place, "spoken");
const unheard = join(place, "unheard");
const sentences = toneSentences(56);
const run = (name: string) => join(place, "runs", name);

const common = {
  data: { format: "speech", path: spoken, validationFraction: 0.2 },
  features: { kind: "mel" },
  model: { kind: "conformer", width: 32, numLayers: 1, numHeads: 2, hiddenWidth: 64, kernelSize: 7 },
  optimizer: { kind: "adamw", lr: 1e-2, schedule: { kind: "constant" } },
  training: { batchSize: 2, buckets: 1, steps: 1, evaluateEvery: 1, checkpointEvery: 1, threads: 1 },
};
const ctc = { kind: "ctc", layerDrop: 0 };
const recipes = {
  ctc: {
    ...common,
    objective: ctc,
    optimizer: {
      kind: "muon",
      lr: 2e-2,
      adamwLr: 1e-2,
      betas: [0.9, 0.98],
      weightDecay: 0,
      schedule: { kind: "linear", warmupSteps: 10, finalFactor: 0.1 },
    },
    training: {
      ...common.training,
      batchSize: 6,
      buckets: 2,
      steps: 220,
      evaluateEvery: 220,
      checkpointEvery: 220,
    },
  },
  bestRq: { ...common, objective: { kind: "bestRq", codes: 16 } },
  from: { ...common, objective: ctc },
};

async function train(name: keyof typeof recipes, out = run(name), ...flags: string[]) {
  const file = join(place, `${name}.mjs`);
  writeFileSync(file, `export default ${JSON.stringify(recipes[name])};`);
  return autodidact("train", file, "--out", out, ...flags);
}

const json = async (...args: string[]) => {
  const { code, stdout, stderr } = await autodidact(...args, "--json");
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout);
};

let told: string;
beforeAll(async () => {
  writeToneWords(spoken, sentences.slice(0, 50));
  writeToneWords(unheard, sentences.slice(50));
  const { code, stderr } = await train("ctc");
  told = stderr;
  expect(code, stderr).toBe(0);
}, 120_000);

describe("train", () => {
  it("says what it learns from, and shows what it hears", () => {
    expect(told).toMatch(
      /conformer with .* parameters, 8 symbols, .* 40 recordings to learn from, 10 held out/,
    );
    expect(told).toMatch(/10 texts of 50, so that no sentence is on both sides/);
    const sample = readFileSync(join(run("ctc"), "samples/step-000220.txt"), "utf8");
    expect(sample).toMatch(/^WER \d+\.\d %, CER \d+\.\d % of 10, 0 empty\n(need|dean|node|and|no|ode)/);
  });

  it("from sound alone, and then with texts from its encoder", async () => {
    const { code, stderr } = await train("bestRq");
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/train speech-ctc .*--model\.from .*bestRq/);
    const after = await train("from", run("from"), "--model.from", run("bestRq"));
    expect(after.code, after.stderr).toBe(0);
    expect(after.stderr).toMatch(/next:\n.*transcribe .*from/);
  });
});

describe("transcribe", () => {
  const [first, second] = [join(unheard, "0.wav"), join(unheard, "1.wav")];
  const text = sentences[50];
  const words = text.split(" ");

  it("writes down sentences it has never heard", async () => {
    const { code, stdout, stderr } = await autodidact("transcribe", run("ctc"), first);
    expect([code, stdout]).toEqual([0, `${text}\n`]);
    expect(stderr).toMatch(new RegExp(`sure of (all )?${words.length} words`));
  });

  it.each([
    ["srt", /^1\n00:00:00,\d{3} --> 00:00:0\d,\d{3}\n(.*)$/],
    ["vtt", /^WEBVTT\n\n00:00:00\.\d{3} --> 00:00:0\d\.\d{3}\n(.*)$/],
    ["tsv", /^start\tend\ttext\n\d+\t\d+\t(.*)$/],
  ])("as %s", async (format, form) => {
    const { code, stdout } = await autodidact("transcribe", run("ctc"), first, "--format", format);
    expect(code).toBe(0);
    expect(form.exec(stdout.trimEnd())?.[1]).toBe(text);
  });

  it("as JSON, each word with its time", async () => {
    const { stdout } = await autodidact("transcribe", run("ctc"), first, "--format", "json");
    const found = JSON.parse(stdout);
    expect(found.text).toBe(text);
    expect(found.words.map(({ word }: { word: string }) => word)).toEqual(words);
    // A letter every 0.1 s, the first after 0.04 s; what a frame hears reaches over its neighbours.
    for (const [i, { start }] of found.words.entries()) {
      const letters = words.slice(0, i).join(" ").length + Number(i > 0);
      expect(Math.abs(start - 0.04 - 0.1 * letters)).toBeLessThan(0.16);
    }
  });

  it("several recordings and folders, and with the flag --json all that is known", async () => {
    const { stdout } = await autodidact("transcribe", run("ctc"), first, second);
    expect(stdout).toBe(`${first}:\n${text}\n${second}:\n${sentences[51]}\n`);
    const { results } = await json("transcribe", run("ctc"), first, second);
    expect(results.map((found: { text: string }) => found.text)).toEqual(sentences.slice(50, 52));
    const folder = await autodidact("transcribe", run("ctc"), unheard);
    const lines = folder.stdout.trimEnd().split("\n");
    expect(lines.filter((_, line) => line % 2 === 0)).toEqual(
      sentences.slice(50).map((_, i) => `${join(unheard, `${i}.wav`)}:`),
    );
    expect([lines[1], lines[3]]).toEqual(sentences.slice(50, 52));
    expect(folder.stderr).toMatch(/left out: 6 files of other kinds, such as .*0\.txt/);
  });

  it("with beams, words that are likelier, and hot words", async () => {
    const lm = join(place, "words.txt");
    writeFileSync(lm, sentences.join("\n"));
    const { stdout } = await autodidact("transcribe", run("ctc"), first, "--lm", lm, "--hot", "ode");
    expect(stdout).toBe(`${text}\n`);
  });

  it("of 8 kHz, in stereo and as floats, what it says of 16 kHz", async () => {
    const { samples } = toneWords(text);
    const left = Float32Array.from({ length: 2 * samples.length }, (_, i) =>
      i % 2 ? 0 : 2 * samples[i / 2],
    );
    const files = {
      "slow.wav": encodeWav(toneWords(text, 8000)),
      "left.wav": wavFile({ tag: 3, channels: 2, bits: 32 }, new Uint8Array(left.buffer)),
    };
    for (const [name, bytes] of Object.entries(files)) {
      writeFileSync(join(place, name), bytes);
      expect((await autodidact("transcribe", run("ctc"), join(place, name))).stdout).toBe(`${text}\n`);
    }
  });

  it("of silence, whatever comes of it, in numbers", async () => {
    const silence = join(place, "silence.wav");
    writeFileSync(silence, encodeWav({ samples: new Float32Array(16_000), sampleRate: 16_000 }));
    const { results } = await json("transcribe", run("ctc"), silence);
    expect(results[0].duration).toBe(1);
    expect(results[0].confidence).toBeGreaterThanOrEqual(0);
  });

  const nan = new Uint8Array(new Float32Array(8000).fill(Number.NaN).buffer);
  it.each([
    ["of 10 ms", toneFile(0.01), /shorter than one window/],
    ["of no bytes", new Uint8Array(), /recording is empty/],
    ["of no samples", wavFile({}, new Uint8Array()), /no samples/],
    ["of no numbers", wavFile({ tag: 3, bits: 32 }, nan), /no numbers[\s\S]*sample 0 is NaN/],
    ["of something else", new TextEncoder().encode("no sound"), /bad\.wav/],
  ])("refuses a file %s", async (_, bytes, message) => {
    const file = join(place, "bad.wav");
    writeFileSync(file, bytes);
    await refuse(place, message, ["transcribe", run("ctc"), file]);
  });

  it("tells of good recordings beside bad ones, in three parts of the bad one", async () => {
    const broken = join(place, "broken.wav");
    writeFileSync(broken, readFileSync(first).subarray(0, 60));
    const { code, stdout, stderr } = await autodidact("transcribe", run("ctc"), broken, first);
    expect([code, stdout]).toEqual([1, `${first}:\n${text}\n`]);
    expect(stderr).toMatch(/error: .*\n {2}found: .*broken\.wav.*\n {2}to do: /);
  });
});

describe.skipIf(process.platform === "win32")("transcribe --microphone", () => {
  /** A folder with a program that speaks like a microphone: a second of sound, a little later the next, then silence. */
  function microphoneOf({ samples }: Audio): string {
    const folder = join(place, "programs");
    mkdirSync(folder, { recursive: true });
    const sound = join(folder, "sound.pcm");
    writeFileSync(sound, new Uint8Array(toPcm16(samples).buffer));
    const script = `
      const sound = require("node:fs").readFileSync(${JSON.stringify(sound)});
      let at = 0;
      setInterval(() => {
        const piece = Buffer.alloc(32_000);
        sound.subarray(at, at += piece.length).copy(piece);
        process.stdout.write(piece);
      }, 100);`;
    writeFileSync(join(folder, "arecord"), `#!${process.execPath}\n${script}`);
    chmodSync(join(folder, "arecord"), 0o755);
    return folder;
  }

  it("writes down what is said while it is said, until Ctrl-C", { timeout: 120_000 }, async () => {
    vi.stubEnv("PATH", microphoneOf(toneWords(sentences.slice(50, 53).join(" "))));
    const { child, end } = startProcess(["transcribe", run("ctc"), "--microphone"]);
    let shown = "";
    child.stdout!.on("data", (text) => {
      shown += text;
      if (shown.split(" ").length > 3 && !child.killed) child.kill("SIGINT"); // a second one would insist
    });
    const { code, stdout, stderr } = await end;
    vi.unstubAllEnvs();
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^[adeno]+( [adeno]+){2,}\n$/);
    expect(stderr).toMatch(/sure of/);
  });

  it("takes no recordings beside, and says what is missing where there is no microphone", async () => {
    await refuse(place, /no files are taken here[\s\S]*0\.wav/, [
      ...["transcribe", run("ctc"), "--microphone", join(unheard, "0.wav")],
    ]);
    vi.stubEnv("PATH", place);
    await refuse(place, /no program that reads the microphone[\s\S]*arecord, rec, ffmpeg[\s\S]*install/, [
      ...["transcribe", run("ctc"), "--microphone"],
    ]);
    vi.unstubAllEnvs();
  });
});

describe("evaluate", () => {
  it("of what is held out, of other recordings, and with a language model", async () => {
    const held = await json("evaluate", run("ctc"));
    expect(held).toMatchObject({ metric: "wer", words: { emptyHypotheses: 0 } });
    expect(held.wer).toBeLessThan(0.2);
    expect(held.cer).toBeLessThan(0.05);
    const words = sentences.slice(50).join(" ").split(" ").length;
    const other = await json("evaluate", run("ctc"), "--data", unheard);
    expect(other).toMatchObject({ words: { length: words } });
    expect(other.wer).toBeLessThan(0.2);
    const lm = join(place, "words.txt");
    writeFileSync(lm, sentences.join("\n"));
    const ranked = await json("evaluate", run("ctc"), "--data", unheard, "--beams", "8", "--lm", lm);
    expect(ranked.wer).toBeLessThan(0.2);
    expect(ranked.greedy).toEqual({ wer: other.wer, cer: other.cer });
    expect(other.greedy).toBeUndefined();
    const { stdout } = await autodidact("evaluate", run("ctc"), "--data", unheard);
    expect(stdout).toMatch(/^WER \d\.\d %, CER \d\.\d % over 6 recordings: of \d+ words/);
  });

  it("beside what is written without hearing, in numbers and lines", async () => {
    const said = sentences.slice(50);
    const { baselines } = await json("evaluate", run("ctc"), "--data", unheard);
    const [word, nothing] = baselines;
    expect(nothing).toEqual({ text: "", wer: 1, cer: 1 });
    const words = said.join(" ").split(" ");
    const counts = words.map((each) => words.filter((other) => other === each).length);
    expect(word.text).toBe(words[counts.indexOf(Math.max(...counts))]);
    const hits = said.filter((text) => text.split(" ").includes(word.text)).length;
    expect(word.wer).toBeCloseTo(1 - hits / words.length, 12);
    const { stdout } = await autodidact("evaluate", run("ctc"), "--data", unheard, "--beams", "4");
    expect(stdout).toMatch(/\nthe best of each frame, unranked: WER \d\.\d %, CER \d\.\d %\n/);
    expect(stdout).toMatch(
      new RegExp(`\nalways ${word.text}: WER \\d+\\.\\d %.*\nalways nothing: WER 100\\.0 %, CER 100\\.0 %`),
    );
  });

  it("of an encoder is refused, as what it cannot write down", () =>
    refuse(place, /holds a speech encoder[\s\S]*a speech recogniser/, [
      "transcribe",
      run("bestRq"),
      unheard,
    ]));
});

it("exported, it opens and writes down the same", async () => {
  const out = join(place, "plain");
  expect((await autodidact("export", run("ctc"), "--format", "safetensors", "--out", out)).code).toBe(0);
  const [before, after] = await Promise.all(
    [run("ctc"), out].map((folder) => openSpeechModel(openFolder(folder))),
  );
  expect(after.weights).toEqual(before.weights);
  const heard = await json("transcribe", run("ctc"), join(unheard, "2.wav"));
  expect(await json("transcribe", out, join(unheard, "2.wav"))).toEqual(heard);
  await refuse(place, /no recordings to measure[\s\S]*--data/, ["evaluate", out]);
});
