import { fillNormal, type RandomStream } from "../../core/random.js";
import { AudioFeatureError } from "./errors.js";
import { meanSquare } from "./level.js";

/** How noise is added. */
export interface NoiseOptions {
  /** Mean power of the sound over that of the noise, in decibels. */
  readonly snrDb: number;
  /** Noise of equal power in each hertz or in each octave, or other utterances, which then speak all at once. */
  readonly noise: "white" | "pink" | readonly Float32Array[];
}

/**
 * Sound with noise at a signal-to-noise ratio. Where either is silent there is no such ratio, and the sound stays as
 * it is. Of other utterances each begins somewhere and repeats.
 * @throws AudioFeatureError for a ratio that is not finite, and for no utterances or empty ones.
 */
export function addNoise(
  samples: Float32Array,
  { snrDb, noise }: NoiseOptions,
  random: RandomStream,
): Float32Array {
  requireNoise(snrDb, noise);
  const added = new Float32Array(samples.length);
  if (typeof noise === "string") fillNormal(added, random, 1);
  else for (const voice of noise) addRepeated(voice, added, random.integer(voice.length));
  if (noise === "pink") makePink(added);
  const [signal, power] = [meanSquare(samples), meanSquare(added)];
  if (signal === 0 || power === 0) return samples.slice();
  const scale = Math.sqrt(signal / power / 10 ** (snrDb / 10));
  return samples.map((value, i) => value + scale * added[i]);
}

function addRepeated(voice: Float32Array, target: Float32Array, start: number): void {
  for (let i = 0; i < target.length; i++) target[i] += voice[(start + i) % voice.length];
}

/** Paul Kellet's filter of three poles, from white to pink: within 0.5 dB of 3 dB an octave. */
function makePink(white: Float32Array): void {
  let [slow, middle, fast] = [0, 0, 0];
  for (const [i, value] of white.entries()) {
    slow = 0.99765 * slow + 0.099046 * value;
    middle = 0.963 * middle + 0.2965164 * value;
    fast = 0.57 * fast + 1.0526913 * value;
    white[i] = slow + middle + fast + 0.1848 * value;
  }
}

function requireNoise(snrDb: number, noise: NoiseOptions["noise"]): void {
  const isEmpty =
    typeof noise !== "string" && (noise.length === 0 || noise.some(({ length }) => length === 0));
  if (Number.isFinite(snrDb) && !isEmpty) return;
  throw new AudioFeatureError(
    "noise cannot be added like that",
    isEmpty ? `utterances of [${[...noise].map(({ length }) => length)}] samples` : `snrDb: ${snrDb}`,
    isEmpty ? "give utterances with samples, or white or pink noise" : "give decibels: 5 to 20 are usual",
  );
}
