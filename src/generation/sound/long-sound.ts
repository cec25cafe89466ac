/** Spectrograms of any length, window after window. */
import { GenerationError } from "../errors.js";
import type { Field } from "../images/denoiser-session.js";
import { type SampleOptions, sampleImages } from "../images/sample.js";

/** What is drawn: `count` spectrograms of so many frames, each beginning with the frames that are known. */
export interface LongOptions extends Omit<SampleOptions, "from" | "keep"> {
  readonly frames: number;
  /** [bands, k], scaled as the model's. */
  readonly known?: Float32Array;
}

/**
 * Spectrograms [count, bands, frames], scaled as the model's. Each window after the first keeps what was drawn before of
 * its first half, and goes on from there, as in-painting does. Throws `GenerationError` where all frames are known.
 */
export async function drawFrames(field: Field, options: LongOptions): Promise<Float32Array> {
  const { frames, known = new Float32Array(), count, seed = 0, ...how } = options;
  const { height: bands, width } = field.model;
  const start = known.length / bands;
  if (start >= frames) {
    throw new GenerationError(
      "there is nothing left to draw",
      `${start} of ${frames} frames are known`,
      "ask for a longer sound",
    );
  }
  const whole = new Float32Array(count * bands * frames);
  const rows = count * bands;
  for (let row = 0; row < rows; row++) {
    whole.set(known.subarray((row % bands) * start, ((row % bands) + 1) * start), row * frames);
  }
  const half = Math.floor(width / 2);
  for (let done = start, window = 0; done < frames; window++) {
    const kept = Math.min(done, half);
    const first = done - kept;
    const images = new Float32Array(rows * width);
    for (let row = 0; row < rows; row++) {
      images.set(whole.subarray(row * frames + first, row * frames + done), row * width);
    }
    const mask = Uint8Array.from({ length: bands * width }, (_, i) => (i % width < kept ? 1 : 0));
    const drawn = await sampleImages(field, {
      ...how,
      count,
      seed: seed + window,
      keep: kept > 0 ? { images, mask } : undefined,
    });
    const until = Math.min(frames, first + width);
    for (let row = 0; row < rows; row++) {
      whole.set(drawn.subarray(row * width + kept, row * width + until - first), row * frames + done);
    }
    done = until;
  }
  return whole;
}
