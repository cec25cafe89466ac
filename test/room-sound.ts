import { randomStream } from "../src/core/random.js";

const RATE = 16_000;

/** A voice of 160 Hz: one period. */
const VOICE = Float32Array.from({ length: RATE / 160 }, (_, i) => {
  const harmonics = Array.from(
    { length: 20 },
    (_, k) => Math.sin((2 * Math.PI * (k + 1) * 160 * i) / RATE) / (k + 1),
  );
  return 0.15 * harmonics.reduce((sum, value) => sum + value);
});

/** The noise of a room, the same each second, and a much louder voice in the stretches `spoken`; seconds, of 16 kHz. */
export function roomSound(seconds: number, spoken: readonly (readonly [number, number])[]): Float32Array {
  const random = randomStream(1, "room");
  const noise = Float32Array.from({ length: RATE }, () => 0.01 * (random.uniform() - 0.5));
  const samples = Float32Array.from({ length: seconds * RATE }, (_, i) => noise[i % RATE]);
  for (const [from, to] of spoken) {
    for (let i = Math.round(from * RATE); i < Math.round(to * RATE); i++)
      samples[i] += VOICE[i % VOICE.length];
  }
  return samples;
}
