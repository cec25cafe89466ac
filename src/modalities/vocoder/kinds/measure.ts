/** How far a vocoder's sound is from recordings. */
import { randomStream } from "../../../core/random.js";
import { decodeAudio } from "../../../data/audio/decode.js";
import { openRecordings } from "../../../data/audio/recordings.js";
import { encodePng } from "../../../data/images/write-images.js";
import { EvaluationError } from "../../../evaluation/errors.js";
import { type SpectralDistance, spectralDistance } from "../../../evaluation/sound/spectral-distance.js";
import { levelled } from "../../../features/audio/clip.js";
import { roughLogs } from "../../../features/audio/mel-magnitudes.js";
import { logMel } from "../../../features/audio/mel-spectrogram.js";
import { followBands } from "../../../generation/sound/follow-bands.js";
import { griffinLim } from "../../../generation/sound/griffin-lim.js";
import { spectrogramPicture } from "../../../generation/sound/spectrogram-picture.js";
import { compileVocoder } from "../../../generation/sound/vocode.js";
import type { SavedVocoder } from "../../../interop/vocoder-folder.js";
import type { Named, Output, Surroundings } from "../../modality.js";
import { openPreparedRecordings } from "../prepared.js";
import type { Measuring } from "./options.js";
import { withIterations } from "./resound.js";

/** Seconds of a recording that are made again. */
const mostSeconds = 10;
/** What the distance cannot be had of is passed over. */
const leastSamples = 1300;

/** How sound is made: `griffinLimAsLong` and `withoutModel` take as many iterations as the vocoder, the latter its own. */
const ways = ["vocoder", "griffinLim", "griffinLimAsLong", "withoutModel"] as const;
type Way = (typeof ways)[number];

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
  { data, count, iterations: asked, seed }: Measuring,
  isShown: boolean,
  around: Surroundings,
): AsyncGenerator<Output> {
  const saved = withIterations(await named.open(), asked);
  const { mel, generation } = saved;
  const { iterations } = generation;
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
    const { length } = sound;
    const random = () => randomStream(seed, "vocoder", i);
    const plain = griffinLim(bands, mel, { length, random: random() });
    const longer = griffinLim(bands, mel, { iterations, length, random: random() });
    const rough = roughLogs(bands, mel);
    const start = performance.now();
    const made = await session.vocode(bands, random(), length);
    milliseconds += performance.now() - start;
    seconds += length / mel.sampleRate;
    found.push({
      vocoder: spectralDistance(made, sound),
      griffinLim: spectralDistance(plain, sound),
      griffinLimAsLong: spectralDistance(longer, sound),
      withoutModel: spectralDistance(
        followBands(rough, bands, mel, { iterations, length, random: random() }),
        sound,
      ),
    });
    shown ??= [sound, plain, made];
  }
  await session.release();
  if (!shown) throw nothingToMeasure(named.name, `${passedOver} of ${chosen.length} are silent or too short`);
  const [ours, plain, longer, withoutModel] = ways.map((way) => meanOf(found.map((one) => one[way])));
  const under = 1 - ours.distance / plain.distance;
  const figures = {
    ...{ metric: "spectral-distance", recordings: found.length, passedOver, seconds },
    ...{
      vocoder: ours,
      griffinLim: plain,
      griffinLimAsLong: longer,
      withoutModel,
      under,
      secondsPerSecond: milliseconds / 1000 / seconds,
    },
  };
  const text = [
    `spectral distance ${inWords(ours)} over ${found.length} recordings`,
    `Griffin-Lim ${inWords(plain)}: the vocoder is ${(100 * Math.abs(under)).toFixed(1)} % ${under >= 0 ? "under" : "over"} it`,
    `Griffin-Lim with ${iterations} iterations: ${inWords(longer)}`,
    `the vocoder's ${iterations} iterations without its model: ${inWords(withoutModel)}`,
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
  const { examples, read } = prepared.validation;
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
