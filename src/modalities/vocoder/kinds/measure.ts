/** How far a vocoder's sound is from recordings. */
import { randomStream } from "../../../core/random.js";
import { decodeAudio } from "../../../data/audio/decode.js";
import { openRecordings } from "../../../data/audio/recordings.js";
import { encodePng } from "../../../data/images/write-images.js";
import { EvaluationError } from "../../../evaluation/errors.js";
import { type SpectralDistance, spectralDistance } from "../../../evaluation/sound/spectral-distance.js";
import { levelled } from "../../../features/audio/clip.js";
import { logMel } from "../../../features/audio/mel-spectrogram.js";
import { towardsMel } from "../../../features/audio/towards-mel.js";
import { griffinLim } from "../../../generation/sound/griffin-lim.js";
import { spectrogramPicture } from "../../../generation/sound/spectrogram-picture.js";
import { bandSteps, compileVocoder } from "../../../generation/sound/vocode.js";
import type { SavedVocoder } from "../../../interop/vocoder-folder.js";
import type { Named, Output, Surroundings } from "../../modality.js";
import { openPreparedRecordings } from "../prepared.js";
import type { Measuring } from "./options.js";
import { withSteps } from "./resound.js";

/** Seconds of a recording that are made again. */
const mostSeconds = 10;
/** What the distance cannot be had of is passed over. */
const leastSamples = 1300;

/** How sound is made: `withoutModel` takes the vocoder's steps towards the mel bands from Griffin and Lim's sound. */
type Way = "vocoder" | "griffinLim" | "withoutModel";

/** A recording, not yet read. */
interface Held {
  read(): Promise<Float32Array>;
}

/**
 * The multi-resolution spectral distance of recordings that are taken to their mel spectrograms and back, by the vocoder and
 * by Griffin and Lim's method from the same random phases; and spectrograms of the first recording, where they are wanted.
 * Throws `EvaluationError` where there is nothing to measure on.
 */
export async function* measureDistance(
  named: Named<SavedVocoder>,
  { data, count, steps, seed }: Measuring,
  isShown: boolean,
  around: Surroundings,
): AsyncGenerator<Output> {
  const saved = withSteps(await named.open(), steps);
  const { mel } = saved;
  const session = await compileVocoder(around.runtime, saved);
  const all = data === undefined ? await heldOut(named) : await given(data, mel.sampleRate);
  const chosen = all.filter(
    (_, i) => Math.floor((i * count) / all.length) !== Math.floor(((i - 1) * count) / all.length),
  );
  const found: Record<Way, SpectralDistance>[] = [];
  let [passedOver, seconds, milliseconds] = [0, 0, 0];
  let shown: Float32Array[] | undefined;
  for (const [i, { read }] of chosen.entries()) {
    around.signal?.throwIfAborted();
    around.onProgress?.("recordings", i, chosen.length);
    const sound = levelled((await read()).subarray(0, mostSeconds * mel.sampleRate));
    if (!sound || sound.length < leastSamples) {
      passedOver++;
      continue;
    }
    const { data: bands } = logMel(mel, sound);
    const random = () => randomStream(seed, "vocoder", i);
    const plain = griffinLim(bands, mel, { length: sound.length, random: random() });
    const start = performance.now();
    const made = await session.vocode(bands, random(), sound.length);
    milliseconds += performance.now() - start;
    seconds += sound.length / mel.sampleRate;
    found.push({
      vocoder: spectralDistance(made, sound),
      griffinLim: spectralDistance(plain, sound),
      withoutModel: spectralDistance(towardsMel(plain, bands, mel, bandSteps), sound),
    });
    shown ??= [sound, plain, made];
  }
  await session.release();
  if (!shown) throw nothingToMeasure(named.name, `${passedOver} of ${chosen.length} are silent or too short`);
  const [ours, plain, withoutModel] = (["vocoder", "griffinLim", "withoutModel"] as const).map((way) =>
    meanOf(found.map((one) => one[way])),
  );
  const under = 1 - ours.distance / plain.distance;
  const figures = {
    ...{ metric: "spectral-distance", recordings: found.length, passedOver, seconds },
    ...{
      vocoder: ours,
      griffinLim: plain,
      withoutModel,
      under,
      secondsPerSecond: milliseconds / 1000 / seconds,
    },
  };
  const text = [
    `spectral distance ${inWords(ours)} over ${found.length} recordings`,
    `Griffin-Lim ${inWords(plain)}: the vocoder is ${(100 * Math.abs(under)).toFixed(1)} % ${under >= 0 ? "under" : "over"} it`,
    `Griffin-Lim with the vocoder's steps towards the bands alone: ${inWords(withoutModel)}`,
    ...(passedOver > 0 ? [`${passedOver} passed over, silent or shorter than ${leastSamples} samples`] : []),
  ].join("\n");
  if (isShown) {
    const picture = spectrogramPicture(shown, mel.sampleRate);
    yield { kind: "file", bytes: await encodePng(picture.pixels, picture), name: "spectrograms" };
  }
  yield { kind: "figures", figures, text };
}

async function heldOut({ name, folder }: Named): Promise<Held[]> {
  const prepared = await openPreparedRecordings(folder.folder("data")).catch((cause: Error) => {
    throw nothingToMeasure(name, cause.message.split("\n")[0]);
  });
  const { examples, read } = prepared.validation.audio;
  return examples.map((_, i) => ({ read: () => read(i) }));
}

async function given(path: string, sampleRate: number): Promise<Held[]> {
  const { recordings } = await openRecordings(path);
  return recordings.map(({ read, source }) => ({
    read: async () => (await decodeAudio(await read(), source, { sampleRate })).samples,
  }));
}

function nothingToMeasure(name: string, found: string): EvaluationError {
  return new EvaluationError(
    "there are no recordings to measure the vocoder on",
    `${name}: ${found}`,
    "give --data: recordings that can be heard",
  );
}

function meanOf(distances: readonly SpectralDistance[]): SpectralDistance {
  const mean = (name: keyof SpectralDistance) =>
    distances.reduce((sum, one) => sum + one[name], 0) / distances.length;
  return {
    convergence: mean("convergence"),
    logMagnitude: mean("logMagnitude"),
    distance: mean("distance"),
  };
}

const inWords = ({ distance, convergence, logMagnitude }: SpectralDistance) =>
  `${distance.toFixed(3)} (convergence ${convergence.toFixed(3)}, logarithms ${logMagnitude.toFixed(3)})`;
