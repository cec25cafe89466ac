import { describe, expect, it } from "vitest";
import { tone } from "../../../test/sounds.js";
import { AudioError } from "./audio.js";
import { decodeAudio } from "./decode.js";
import { encodeSound, SOUND_ENDINGS } from "./write-sound.js";

const { samples } = tone(0.5, 440, 16_000);

/** How much of `b` is in `a`, where it fits best within a few hundred samples. */
function likeness(a: Float32Array, b: Float32Array): number {
  const at = (shift: number) => {
    let [both, left, right] = [0, 0, 0];
    for (let i = 2000; i < 6000; i++) {
      both += a[i + shift] * b[i];
      left += a[i + shift] ** 2;
      right += b[i] ** 2;
    }
    return both / Math.sqrt(left * right);
  };
  return Math.max(...Array.from({ length: 37 }, (_, shift) => at(shift)));
}

describe("sound as a file", () => {
  it.each(SOUND_ENDINGS)("comes back: %s", async (ending) => {
    const bytes = await encodeSound([samples], 16_000, ending);
    const decoded = await decodeAudio(bytes, `tone${ending}`);
    expect(decoded.sampleRate).toBe(16_000);
    expect(decoded.samples.length).toBeGreaterThanOrEqual(samples.length);
    expect(decoded.samples.length - samples.length).toBeLessThan(ending === ".mp3" ? 2000 : 1);
    // What the codecs leave out of a tone is inaudible: less than a thousandth of its energy.
    expect(likeness(decoded.samples, samples)).toBeGreaterThan(0.999);
  });

  it.each(SOUND_ENDINGS)("has two channels: %s", async (ending) => {
    const half = samples.map((value) => value / 2);
    const decoded = await decodeAudio(await encodeSound([samples, half], 16_000, ending), `tone${ending}`);
    const loudest = Math.max(...decoded.samples.subarray(2000, 6000));
    expect(Math.abs(loudest - 0.375)).toBeLessThan(0.01); // the mean of 0.5 and 0.25
  });

  it.each([".mp3", ".ogg"] as const)("is longer than what an encoder takes at once: %s", async (ending) => {
    const long = tone(9, 440, 16_000).samples.map((value) => 3 * value);
    const decoded = await decodeAudio(await encodeSound([long], 16_000, ending), `long${ending}`);
    expect(Math.abs(decoded.samples.length - long.length)).toBeLessThan(2000);
    const loudest = decoded.samples.reduce((most, value) => Math.max(most, value), 0);
    expect(loudest).toBeLessThan(1.3); // clipped at 1, and what the codec swings beyond it
  });

  it("is refused where there is none, and where a format does not have its rate", async () => {
    await expect(encodeSound([], 16_000, ".wav")).rejects.toThrow(AudioError);
    await expect(encodeSound([new Float32Array()], 16_000, ".ogg")).rejects.toThrow("holds no samples");
    await expect(encodeSound([samples, samples.slice(1)], 16_000, ".ogg")).rejects.toThrow("8000, 7999");
    await expect(encodeSound([samples, samples, samples], 16_000, ".wav")).rejects.toThrow(AudioError);
    await expect(encodeSound([samples], 96_000, ".mp3")).rejects.toThrow("MP3 has no such sample rate");
    await expect(encodeSound([Float32Array.of(0, Number.NaN)], 16_000, ".mp3")).rejects.toThrow("is NaN");
  });
});
