import FFT from "fft.js";
import type { RandomStream } from "../../core/random.js";
import { AudioFeatureError } from "./errors.js";
import { meanSquare } from "./level.js";
import { kaldiMel } from "./mel-settings.js";

/** How a room sounds. */
export interface RoomOptions {
  /** After how many seconds an echo has fallen by 60 dB (RT60): 0.2 of a small room, 1 of a hall. */
  readonly decaySeconds: number;
}

/**
 * Sound of 16 kHz as a room would give it back: the direct sound and as much power again of noise that decays
 * exponentially (Polack's model, 1988). As long, as loud and in the same place as before.
 * @throws AudioFeatureError for a decay outside 0.01 to 3 s.
 */
export function addRoom(
  samples: Float32Array,
  { decaySeconds }: RoomOptions,
  random: RandomStream,
): Float32Array {
  if (!(decaySeconds >= 0.01 && decaySeconds <= 3)) {
    throw new AudioFeatureError("there is no such room", `decaySeconds: ${decaySeconds}`, "give 0.01 to 3");
  }
  const heard = convolved(samples, roomResponse(decaySeconds, random));
  const power = meanSquare(heard);
  const scale = power === 0 ? 0 : Math.sqrt(meanSquare(samples) / power);
  return heard.map((value) => scale * value);
}

function roomResponse(decaySeconds: number, random: RandomStream): Float32Array {
  const length = Math.ceil(decaySeconds * kaldiMel.sampleRate);
  const response = Float32Array.from({ length }, (_, i) => random.normal() * 10 ** ((-3 * i) / length));
  response[0] = 0;
  response[0] = Math.sqrt(length * meanSquare(response));
  return response;
}

/** The first samples of the convolution, as many as there were, block after block (overlap-add). */
function convolved(samples: Float32Array, response: Float32Array): Float32Array {
  const size = 2 ** (1 + Math.ceil(Math.log2(response.length)));
  const fft = new FFT(size);
  const block = size - response.length + 1;
  const spectrum = (part: Float32Array): Float64Array => {
    const [padded, complex] = [new Float64Array(size), new Float64Array(2 * size)];
    padded.set(part);
    fft.realTransform(complex, padded);
    fft.completeSpectrum(complex);
    return complex;
  };
  const filter = spectrum(response);
  const heard = new Float32Array(samples.length);
  const product = new Float64Array(2 * size);
  for (let start = 0; start < samples.length; start += block) {
    const part = spectrum(samples.subarray(start, start + block));
    multiplyComplex(part, filter);
    fft.inverseTransform(product, part);
    const end = Math.min(size, samples.length - start);
    for (let i = 0; i < end; i++) heard[start + i] += product[2 * i];
  }
  return heard;
}

function multiplyComplex(target: Float64Array, by: Float64Array): void {
  for (let i = 0; i < target.length; i += 2) {
    const [real, imaginary] = [target[i], target[i + 1]];
    target[i] = real * by[i] - imaginary * by[i + 1];
    target[i + 1] = real * by[i + 1] + imaginary * by[i];
  }
}
