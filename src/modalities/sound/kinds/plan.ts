/** What of a given sound is kept, and what is drawn. */
import { decodeAudio } from "../../../data/audio/decode.js";
import { scaleBands } from "../../../features/audio/band-scaling.js";
import { melWindow, samplesOfFrames } from "../../../features/audio/clip.js";
import { GenerationError } from "../../../generation/errors.js";
import type { DenoiserSession } from "../../../generation/images/denoiser-session.js";
import { type SampleOptions, sampleImages } from "../../../generation/images/sample.js";
import { drawFrames } from "../../../generation/sound/long-sound.js";
import type { InputFile } from "../../modality.js";
import { heard, loudSound } from "./heard.js";
import type { Drawing } from "./options.js";
import type { Saved } from "./saved.js";

type Denoising = Saved<"denoiser">;

/** Over so many seconds what is drawn takes over from what was given. */
const crossfade = 0.01;

/** How spectrograms are drawn, and how the sound that was given is joined with what is rendered of them. */
export interface Plan {
  draw(session: DenoiserSession, options: SampleOptions): Promise<Float32Array>;
  join(rendered: Float32Array): Float32Array;
}

/** Throws `GenerationError` for options that do not go together, and what reading the sound throws. */
export async function planOf(saved: Denoising, flags: Drawing): Promise<Plan> {
  checkFlags(flags);
  const { mel, model } = saved;
  const framesIn = (seconds: number) => Math.ceil((seconds * mel.sampleRate) / mel.hop) + 1;
  const frames = flags.seconds === undefined ? model.width : framesIn(flags.seconds);
  if (!flags.from) {
    return {
      draw: (session, options) => drawFrames(session, { ...options, frames }),
      join: (sound) => sound,
    };
  }
  if (flags.continue) return continuation(saved, flags.from, flags.seconds && framesIn(flags.seconds));
  if (flags.repair !== undefined) return repair(saved, flags.from, flags.repair);
  const images = heard(saved, await decoded(saved, flags.from), flags.from.name);
  const t = 1 - (flags.strength ?? 0.6);
  return {
    draw: (session, options) => sampleImages(session, { ...options, from: { images, t } }),
    join: (sound) => sound,
  };
}

function checkFlags({ from, strength, repair, continue: goesOn, seconds }: Drawing): void {
  const modes = Object.entries({ strength, repair, continue: goesOn }).filter(
    ([, value]) => value !== undefined,
  );
  if (modes.length > 0 && !from) {
    throw new GenerationError(
      "there is no sound to begin with",
      `--${modes[0][0]} without --from`,
      "add --from clip.wav",
    );
  }
  if (modes.length > 1) {
    throw new GenerationError(
      "a sound is changed in one way at a time",
      modes.map(([name]) => `--${name}`).join(" and "),
      "give one of them: --strength for variations, --repair for a gap, --continue to go on",
    );
  }
  if (seconds === undefined || !from || goesOn) return;
  throw new GenerationError(
    "the length would have no effect",
    `--seconds with --from`,
    "add --continue, or leave one out",
  );
}

const decoded = ({ mel }: Denoising, { bytes, name }: InputFile) => decodeAudio(bytes, name, mel);

/** Goes on from the end of a sound: by half a window, or until there are so many frames. */
async function continuation(saved: Denoising, from: InputFile, frames: number | undefined): Promise<Plan> {
  const { mel, scaling, lead, model } = saved;
  const samples = loudSound(await decoded(saved, from), mel.sampleRate, from.name);
  const known = lead + Math.floor(samples.length / mel.hop);
  const total = frames ? frames + lead : Math.max(model.width, known + Math.floor(model.width / 2));
  // A frame more: the last one has its middle at the end of the sound.
  const given = melWindow(mel, samples, { lead, frames: known + 1 });
  const whole = Float32Array.from({ length: mel.bands * known }, (_, i) => {
    return given[Math.floor(i / known) * (known + 1) + (i % known)];
  });
  const scaled = scaleBands(whole, scaling);
  return {
    draw: (session, options) => drawFrames(session, { ...options, frames: total, known: scaled }),
    join(rendered) {
      const sound = rendered.slice(lead * mel.hop);
      return crossfaded(samples, sound, mel.sampleRate, (at) => at >= samples.length);
    },
  };
}

/** Draws a part of a sound anew. */
async function repair(saved: Denoising, from: InputFile, part: string): Promise<Plan> {
  const { mel, lead, model } = saved;
  const sound = await decoded(saved, from);
  const samples = loudSound(sound, mel.sampleRate, from.name);
  const [start, end] = gapOf(part, Math.min(samples.length / mel.sampleRate, windowSeconds(saved)));
  const frameAt = (seconds: number) => lead + (seconds * mel.sampleRate) / mel.hop;
  const [first, last] = [Math.floor(frameAt(start)), Math.ceil(frameAt(end))];
  const images = heard(saved, sound, from.name);
  const mask = Uint8Array.from({ length: mel.bands * model.width }, (_, i) => {
    const frame = i % model.width;
    return frame < first || frame > last ? 1 : 0;
  });
  return {
    draw: (session, options) => sampleImages(session, { ...options, keep: { images, mask } }),
    join(rendered) {
      const drawn = rendered.slice(lead * mel.hop);
      const isGap = (at: number) => at >= start * mel.sampleRate && at < end * mel.sampleRate;
      return crossfaded(samples, drawn, mel.sampleRate, isGap).subarray(0, samples.length);
    },
  };
}

const windowSeconds = ({ mel, lead, model }: Denoising) =>
  (samplesOfFrames(mel, model.width) - lead * mel.hop) / mel.sampleRate;

function gapOf(part: string, length: number): [number, number] {
  const [, start, end] = /^(\d*\.?\d+)-(\d*\.?\d+)$/.exec(part) ?? [];
  const [from, until] = [Number(start), Number(end)];
  if (from < until && until <= length) return [from, until];
  throw new GenerationError(
    "there is no such part of the sound to repair",
    `--repair ${part} of ${length.toFixed(2)} s`,
    "give where it begins and ends in seconds, such as 0.4-0.6, within the sound and the model's window",
  );
}

/** What is given, and what is drawn wherever `isDrawn` says so; each fades into the other. */
function crossfaded(
  given: Float32Array,
  drawn: Float32Array,
  sampleRate: number,
  isDrawn: (at: number) => boolean,
): Float32Array {
  const step = 1 / Math.max(1, Math.round(crossfade * sampleRate));
  const length = Math.max(given.length, drawn.length);
  let share = isDrawn(0) ? 1 : 0;
  return Float32Array.from({ length }, (_, at) => {
    const isNear = isDrawn(Math.min(length - 1, at + Math.round(crossfade * sampleRate)));
    share = Math.min(1, Math.max(0, share + (isDrawn(at) || isNear ? step : -step)));
    return share * (drawn[at] ?? 0) + (1 - share) * (given[at] ?? 0);
  });
}
