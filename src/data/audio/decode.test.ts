import { describe, expect, it, vi } from "vitest";
import { encodedTones, tone, toneFile, wavFile } from "../../../test/sounds.js";
import { AudioError } from "./audio.js";
import { decodeAudio, decodePieces } from "./decode.js";

/** The loudness of 500 Hz and of all else, in the middle of the sound. */
function loudness(samples: Float32Array, sampleRate: number): { tone: number; rest: number } {
  const middle = samples.subarray(Math.floor(samples.length / 4), Math.floor((samples.length * 3) / 4));
  const [sine, cosine] = [Math.sin, Math.cos].map((wave) =>
    middle.reduce((sum, value, i) => sum + value * wave((2 * Math.PI * 500 * i) / sampleRate), 0),
  );
  const amplitude = (2 * Math.hypot(sine, cosine)) / middle.length;
  const power = middle.reduce((sum, value) => sum + value * value, 0) / middle.length;
  return { tone: amplitude, rest: Math.sqrt(Math.max(0, 2 * power - amplitude ** 2)) };
}

const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const whole = (...values: number[]) => new Uint8Array(Int16Array.from(values).buffer);

describe("a tone in every format", () => {
  // Lossy encoders of few bits miss loudness by some percent and leave noise.
  it.each([
    ["flac", 16_000, 4800, 1e-3],
    ["oggFlac", 16_000, 4800, 1e-3],
    ["mp3", 16_000, 4800, 0.05],
    ["vorbis", 16_000, 4800, 0.05],
    ["opus", 48_000, 14_400, 0.1],
  ])("%s", async (format, sampleRate, samples, tolerance) => {
    const audio = await decodeAudio(encodedTones[format], "tone");
    expect(audio.sampleRate).toBe(sampleRate);
    expect(audio.samples.length).toBe(samples);
    const { tone, rest } = loudness(audio.samples, sampleRate);
    expect(Math.abs(tone - 10 ** (-6 / 20))).toBeLessThan(tolerance);
    expect(rest).toBeLessThan(tolerance);
  });

  it.each(["flac", "oggFlac"])("of %s gives whole numbers as multiples of one step", async (format) => {
    const { samples } = await decodeAudio(encodedTones[format], "tone");
    // One unit in the last place: the decoder's own scale is undone.
    expect(samples.every((value) => Math.abs(value * 32768 - Math.round(value * 32768)) < 2e-3)).toBe(true);
  });

  it("is found behind an ID3 tag", async () => {
    const tag = Buffer.from("ID3\x04\0\0\0\0\x01\x02", "latin1");
    for (const format of ["mp3", "flac"]) {
      const file = Buffer.concat([tag, Buffer.alloc(130), encodedTones[format]]);
      expect((await decodeAudio(file, "tagged")).samples.length).toBe(4800);
    }
  });

  it("is found whatever the file is called", async () => {
    expect((await decodeAudio(encodedTones.flac, "tone.mp3")).samples.length).toBe(4800);
  });

  it("is resampled on demand", async () => {
    const audio = await decodeAudio(encodedTones.opus, "tone", { sampleRate: 16_000 });
    expect([audio.sampleRate, audio.samples.length]).toEqual([16_000, 4800]);
    expect(Math.abs(loudness(audio.samples, 16_000).tone - 0.5)).toBeLessThan(0.05);
  });

  it("is the same from a file of several pieces", async () => {
    const long = tone(40);
    const { samples } = await decodeAudio(toneFile(40), "long");
    expect(samples.length).toBe(long.samples.length);
    // Half a step of 16 bits.
    expect(samples.every((value, i) => Math.abs(value - long.samples[i]) <= 2 ** -16)).toBe(true);
  });
});

describe("WAV", () => {
  const read = async (file: Uint8Array) => [...(await decodeAudio(file, "a.wav")).samples];

  it("gives whole numbers as multiples of one step", async () => {
    const values = [-32768, -12345, -1, 0, 1, 12345, 32767];
    const samples = await read(wavFile({}, whole(...values)));
    // One unit in the last place: the decoder's own scale is undone.
    for (const [i, value] of values.entries())
      expect(Math.abs(samples[i] - value / 32768)).toBeLessThan(6e-8);
  });

  it("is read with 8 and 24 bits, as float and as mu-law", async () => {
    expect((await read(wavFile({ bits: 8 }, Uint8Array.of(0, 128, 192))))[2]).toBeCloseTo(0.5, 6);
    expect((await read(wavFile({ bits: 24 }, Uint8Array.of(0, 0, 0x40, 0, 0, 0xc0))))[0]).toBeCloseTo(0.5, 6);
    expect(await read(wavFile({ tag: 3, bits: 32 }, floats(0.25, -0.5)))).toEqual([0.25, -0.5]);
    expect(await read(wavFile({ tag: 7, bits: 8 }, Uint8Array.of(0xff, 0)))).toEqual([0, -32124 / 32768]);
  });

  it("gives floats also where a Buffer lies at an odd place", async () => {
    const file = wavFile({ tag: 3, bits: 32 }, floats(0.25, -0.5));
    for (let shift = 0; shift < 4; shift++) {
      const pool = Buffer.alloc(file.length + 8);
      file.copy(pool, shift);
      expect(await read(pool.subarray(shift, shift + file.length))).toEqual([0.25, -0.5]);
    }
  });

  it("is mixed to the mean of its channels", async () => {
    expect(await read(wavFile({ channels: 2, tag: 3, bits: 32 }, floats(1, 0, -0.5, -0.25)))).toEqual([
      0.5, -0.375,
    ]);
  });

  it("may have chunks of odd length before its data, and others behind", async () => {
    const odd = Buffer.from("LIST\x03\0\0\0abc\0", "latin1");
    const file = Buffer.concat([wavFile({}, whole(16384), odd), odd]);
    expect((await read(file)).length).toBe(1);
  });

  it("may leave its length open", async () => {
    for (const size of [0, 0xffff_ffff])
      expect((await read(wavFile({ size }, whole(1, 2, 3)))).length).toBe(3);
  });
});

/** So many hours of 4 kHz, in 8 bits. */
const hours = (count: number) =>
  wavFile({ bits: 8, sampleRate: 4000 }, new Uint8Array(count * 3600 * 4000 + 1).fill(128));

it("refuses more than four hours at once", async () => {
  await expect(decodeAudio(hours(4), "day.wav")).rejects.toThrow(/day\.wav: more than 4 hours/);
});

describe("in pieces", () => {
  it("is the same sound", async () => {
    const file = toneFile(20, 500, 44_100);
    const { samples } = await decodeAudio(file, "long", { sampleRate: 16_000 });
    let filled = 0;
    const shares: number[] = [];
    for await (const piece of decodePieces(file, "long", { sampleRate: 16_000 })) {
      expect(piece.sampleRate).toBe(16_000);
      expect(piece.samples.every((value, i) => value === samples[filled + i])).toBe(true);
      filled += piece.samples.length;
      shares.push(piece.share);
    }
    expect(filled).toBe(samples.length);
    expect(shares.length).toBeGreaterThan(20);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
  });

  it("begins before the rest is decoded, and tells of what is wrong there when it is reached", async () => {
    const file = wavFile({ tag: 3, bits: 32 }, floats(...new Array(30_000).fill(0.5), Number.NaN));
    const pieces = decodePieces(file, "a.wav");
    expect((await pieces.next()).value).toMatchObject({ sampleRate: 16_000 });
    const rest = async () => {
      for await (const _ of pieces);
    };
    await expect(rest()).rejects.toThrow(/sample 30000 is NaN/);
  });

  it("may be longer than what is decoded at once", async () => {
    const { value } = await decodePieces(hours(5), "day.wav").next();
    expect(value.samples.length).toBe(2 ** 16 - 8); // but for the header of its chunk
  });
});

describe("MP3", () => {
  const file = encodedTones.mp3;
  const length = async (bytes: Uint8Array) => (await decodeAudio(bytes, "a.mp3")).samples.length;

  it("may have tags behind its frames, and between those of joined files", async () => {
    const [id3, old] = [Buffer.from("ID3\x04\0\0\0\0\0\x03abc", "latin1"), Buffer.from("TAG".padEnd(128))];
    expect(await length(Buffer.concat([file, old]))).toBe(4800);
    expect(await length(Buffer.concat([file, id3, file, old]))).toBeGreaterThan(9000);
  });

  it("is refused where bytes are missing in its middle, or others stand there", async () => {
    const middle = Math.floor(file.length * 0.5);
    const damaged = [
      Buffer.concat([file.subarray(0, middle), file.subarray(middle + 60), Buffer.from("TAG".padEnd(128))]),
      Buffer.from(file).fill(0x37, middle, middle + 400),
    ];
    for (const bytes of damaged) await expect(length(bytes)).rejects.toThrow(/a\.mp3: bytes \d+ to \d+/);
  });
});

it("reads Ogg streams one behind the other", async () => {
  const two = Buffer.concat([encodedTones.vorbis, encodedTones.vorbis]);
  expect((await decodeAudio(two, "two.ogg")).samples.length).toBe(9600);
});

describe("refuses, with the values,", () => {
  const refusal = async (file: Uint8Array) => {
    const error = await decodeAudio(file, "a.wav").then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(AudioError);
    return error as AudioError;
  };

  it.each([
    ["an empty file", new Uint8Array(), /0 bytes/],
    ["no samples", wavFile({}, new Uint8Array()), /a\.wav/],
    ["NaN", wavFile({ tag: 3, bits: 32 }, floats(0, Number.NaN)), /sample 1 is NaN/],
    ["infinity", wavFile({ tag: 3, bits: 32 }, floats(Number.NEGATIVE_INFINITY)), /sample 0 is -Infinity/],
    ["a sample rate of 0", wavFile({ sampleRate: 0 }, whole(1)), /: 0 samples a second/],
    ["a sample rate that is too low", wavFile({ sampleRate: 3999 }, whole(1)), /: 3999 samples/],
    ["a sample rate that is too high", wavFile({ sampleRate: 384_001 }, whole(1)), /: 384001 samples/],
    ["no channels", wavFile({ channels: 0 }, whole(1)), /0 channels/],
    ["a length beyond the file", wavFile({ size: 100 }, whole(1, 2)), /100 bytes, of which 4 are there/],
    ["a header alone", Buffer.from("RIFF\0\0\0\0WAVE"), /no format chunk/],
    ["a text", Buffer.from("file not found"), /begins with "file not fou"/],
    ["AIFF", Buffer.from("FORM\0\0\0\0AIFFCOMM"), /is AIFF/],
    ["m4a", Buffer.from("\0\0\0\x20ftypM4A \0"), /m4a/],
    ["AAC", Uint8Array.of(0xff, 0xf1, 0x50, 0x80, 0, 0, 0), /AAC/],
    ["WebM", Uint8Array.of(0x1a, 0x45, 0xdf, 0xa3, 1, 2, 3), /WebM/],
  ])("%s", async (_, file, found) => {
    expect((await refusal(file)).values).toMatch(found);
  });

  it("formats it does not decode with the advice to convert them", async () => {
    expect((await refusal(Buffer.from("\0\0\0\x20ftypmp42"))).advice).toMatch(/convert .*ffmpeg/);
  });

  it.each(["flac", "oggFlac", "mp3", "vorbis", "opus"])("%s that is cut short", async (format) => {
    const file = encodedTones[format];
    for (const share of [0.95, 0.5, 0.1]) {
      expect((await refusal(file.subarray(0, file.length * share))).what).toMatch(/cut short|no samples/);
    }
  });

  it.each(["flac", "oggFlac", "vorbis", "opus"])("%s that is damaged", async (format) => {
    const file = Buffer.from(encodedTones[format]);
    const start = Math.floor(file.length * 0.7);
    file.fill(0x5a, start, start + 100);
    expect((await refusal(file)).what).toMatch(/damaged/);
  });

  it.each(["flac", "mp3", "vorbis", "opus"])("%s's beginning before something else", async (format) => {
    vi.spyOn(console, "error").mockImplementation(() => {}); // mpg123 tells each of its errors there
    const file = Buffer.concat([encodedTones[format].subarray(0, 64), Buffer.alloc(5000, 0x37)]);
    await refusal(file);
    vi.restoreAllMocks();
  });
});
