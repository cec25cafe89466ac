import { expect, it } from "vitest";
import { tone } from "../../../test/sounds.js";
import { AudioError } from "./audio.js";
import { decodeAudio } from "./decode.js";
import { countClipped, fromPcm16, toPcm16 } from "./pcm16.js";
import { encodeWav } from "./write-wav.js";

it("sound comes back from a WAV file to half a step of 16 bits", async () => {
  const audio = tone(0.1, 700, 22_050);
  const { samples, sampleRate } = await decodeAudio(encodeWav(audio), "tone.wav");
  expect([samples.length, sampleRate]).toEqual([audio.samples.length, 22_050]);
  for (const [i, value] of samples.entries()) {
    expect(Math.abs(value - audio.samples[i])).toBeLessThanOrEqual(2 ** -16 + 1e-7);
  }
});

it("a file is 44 bytes longer than its samples and says its length", () => {
  const bytes = encodeWav(tone(1));
  const view = new DataView(bytes.buffer);
  expect([bytes.length, view.getUint32(4, true), view.getUint32(40, true)]).toEqual([32_044, 32_036, 32_000]);
});

it("what is too loud is clipped and counted", () => {
  const samples = Float32Array.of(2, 1, 0.5, -1, -3);
  expect([...toPcm16(samples)]).toEqual([32767, 32767, 16384, -32768, -32768]);
  expect(countClipped(samples)).toBe(2);
});

it("whole numbers of 16 bits are samples and back again", () => {
  const pcm = Int16Array.from({ length: 2 ** 16 }, (_, i) => i - 2 ** 15);
  expect(toPcm16(fromPcm16(pcm))).toEqual(pcm);
});

it("refuses what is no sound", () => {
  expect(() => encodeWav({ samples: Float32Array.of(0, Number.NaN), sampleRate: 16_000 })).toThrow(
    /sample 1 is NaN/,
  );
  expect(() => encodeWav({ samples: new Float32Array(), sampleRate: 16_000 })).toThrow(AudioError);
  expect(() => encodeWav({ samples: Float32Array.of(0), sampleRate: 0 })).toThrow(AudioError);
});
