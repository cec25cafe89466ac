import { describe, expect, it } from "vitest";
import { dyingFolder } from "../../../test/dying-folder.js";
import { tone, toneFile, wavFile } from "../../../test/sounds.js";
import { DataError, ShardError } from "../../files/errors.js";
import type { Folder } from "../../files/folder.js";
import { memoryFolder } from "../../files/memory.js";
import { AudioError } from "./audio.js";
import { openPreparedAudio, type PreparedAudioOptions, writePreparedAudio } from "./prepared-audio.js";
import type { Recording } from "./recording.js";

const options: PreparedAudioOptions = { sampleRate: 16_000, onCorrupt: "stop" };

function recording(id: string, bytes: Uint8Array, more: Partial<Recording> = {}): Recording {
  return { id, source: `${id}.wav`, read: async () => bytes, ...more };
}

const sound = [
  recording("a", toneFile(0.25, 500, 8000), { text: "čau", speaker: "anna" }),
  recording("b", toneFile(0.1), { text: "two\nlines" }),
  recording("c", toneFile(0.5, 700, 44_100)),
];
const empty = recording("empty", new Uint8Array());
const short = recording("short", toneFile(0.09));

async function write(
  recordings: readonly Recording[],
  more: Partial<PreparedAudioOptions> = {},
  folder = memoryFolder(),
) {
  const counts = await writePreparedAudio(folder, "train", recordings, { ...options, ...more });
  return { counts, folder };
}

describe("prepared audio", () => {
  it("gives back the recordings at its sample rate, with what is known of them", async () => {
    const { counts, folder } = await write(sound);
    expect(counts).toEqual({ kept: 3, clipped: 0, leftOut: [] });
    const { sampleRate, examples, read } = await openPreparedAudio(folder, "train");
    expect(sampleRate).toBe(16_000);
    expect(examples).toEqual([
      { id: "a", samples: 4000, text: "čau", speaker: "anna" },
      { id: "b", samples: 1600, text: "two\nlines" },
      { id: "c", samples: 8000 },
    ]);
    for (const [i, [seconds, hertz]] of [
      [0.25, 500],
      [0.1, 500],
      [0.5, 700],
    ].entries()) {
      const samples = await read(i);
      const expected = tone(seconds, hertz).samples;
      expect(samples.length).toBe(expected.length);
      // Two roundings to 16 bits, of the file and of what is kept; 300 samples at each end hold the resampler's filter.
      const worst = samples
        .subarray(300, -300)
        .reduce((most, value, j) => Math.max(most, Math.abs(value - expected[j + 300])), 0);
      expect(worst).toBeLessThan(2 ** -15 + 1e-5);
    }
  });

  it("keeps 16-bit sound of its sample rate bit for bit", async () => {
    const pcm = Int16Array.from({ length: 4000 }, (_, i) => (i * 7919) % 65_536);
    const { folder } = await write([recording("a", wavFile({}, new Uint8Array(pcm.buffer)))]);
    const samples = await (await openPreparedAudio(folder, "train")).read(0);
    expect(samples).toEqual(Float32Array.from(pcm, (value) => value / 32_768));
  });

  it("leaves out what is too short or too long, and counts it", async () => {
    const { counts } = await write([...sound, short], { longestSeconds: 0.3 });
    expect(counts.kept).toBe(2);
    expect(counts.leftOut).toEqual([
      { what: "a recording is longer than 0.3 s", count: 1, places: ["c.wav: 0.50 s"] },
      { what: "a recording is shorter than 0.1 s", count: 1, places: ["short.wav: 0.09 s"] },
    ]);
  });

  it("leaves out what is known already, here and in what is written next", async () => {
    const known = new Set<string>();
    const again = { ...sound[0], id: "again", source: "again.wav" };
    const first = await write([...sound, again], { known });
    expect(first.counts).toMatchObject({
      kept: 3,
      leftOut: [{ what: "a recording is the same as another", count: 1, places: ["again.wav"] }],
    });
    await expect(write([again], { known })).resolves.toMatchObject({ counts: { kept: 0 } });
  });

  it("counts recordings that are too loud", async () => {
    const loud = wavFile({ tag: 3, bits: 32 }, new Uint8Array(new Float32Array(2000).fill(1.5).buffer));
    expect((await write([...sound, recording("loud", loud)])).counts.clipped).toBe(1);
  });

  it("names every recording that cannot be decoded in one error, and leaves nothing", async () => {
    const folder = memoryFolder();
    const junk = recording("junk", new TextEncoder().encode("not found"));
    const writing = write([empty, ...sound, junk], {}, folder);
    await expect(writing).rejects.toThrow(
      /2 of 5 recordings cannot be used[\s\S]*empty\.wav[\s\S]*junk\.wav/,
    );
    expect(await folder.list("train")).toEqual([]);
    await expect(write([...sound, junk], {}, folder)).rejects.toThrow(AudioError);
  });

  it("leaves them out where they are to be skipped", async () => {
    const { counts, folder } = await write([empty, ...sound], { onCorrupt: "skip" });
    expect(counts.leftOut).toEqual([
      { what: "a recording is empty", count: 1, places: ["empty.wav: 0 bytes"] },
    ]);
    expect((await openPreparedAudio(folder, "train")).examples.length).toBe(3);
  });

  it("replaces what stands there", async () => {
    const { folder } = await write(sound);
    await write(sound.slice(1, 2), {}, folder);
    const { examples } = await openPreparedAudio(folder, "train");
    expect(examples.map(({ id }) => id)).toEqual(["b"]);
  });

  it("tells how far it is, and stops with the signal's reason", async () => {
    const told: unknown[] = [];
    await write(sound, { onProgress: (done, total) => told.push([done, total]) });
    expect(told).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
    const stop = new AbortController();
    const folder = memoryFolder();
    const onProgress = () => stop.abort(new Error("enough"));
    await expect(write(sound, { signal: stop.signal, onProgress }, folder)).rejects.toThrow("enough");
    expect(await folder.list("train")).toEqual([]);
  });

  it("is not complete before its last write", async () => {
    const writes = 3;
    for (let i = 0; i < writes; i++) {
      const folder = memoryFolder();
      await expect(write(sound, {}, dyingFolder(folder, i))).rejects.toThrow("killed");
      await expect(openPreparedAudio(folder, "train")).rejects.toThrow(ShardError);
    }
    const folder = memoryFolder();
    await write(sound, {}, dyingFolder(folder, writes));
    expect((await openPreparedAudio(folder, "train")).examples.length).toBe(3);
  });

  const spoil = async (folder: Folder, file: string, change: (bytes: Uint8Array) => Uint8Array) => {
    await folder.write(file, change(await folder.read(file)));
  };

  it.each(["index.json", "samples.bin", "examples.jsonl"])("refuses a damaged %s", async (file) => {
    const flipped = (bytes: Uint8Array) => bytes.with(bytes.length >> 1, bytes[bytes.length >> 1] ^ 0x80);
    const shortened = (bytes: Uint8Array) => bytes.slice(0, -2);
    for (const change of [flipped, shortened, () => new Uint8Array()]) {
      const { folder } = await write(sound);
      await spoil(folder, `train/${file}`, change);
      await expect(openPreparedAudio(folder, "train")).rejects.toThrow(ShardError);
    }
    const { folder } = await write(sound);
    await folder.remove(`train/${file}`);
    await expect(openPreparedAudio(folder, "train")).rejects.toThrow(DataError);
  });

  it("refuses numbers outside", async () => {
    const { folder } = await write(sound);
    const { read } = await openPreparedAudio(folder, "train");
    for (const i of [-1, 3, 0.5]) await expect(read(i)).rejects.toThrow(ShardError);
    const all = await read(0);
    expect(await read(0, 7, 20)).toEqual(all.slice(7, 27));
    await expect(read(0, 7, all.length - 6)).rejects.toThrow(/samples lie outside/);
  });
});
