/** Sounds out of noise. */
import { decodeAudio } from "../../../data/audio/decode.js";
import { encodeSound } from "../../../data/audio/write-sound.js";
import { sameName } from "../../../data/images/class-name.js";
import { scaleBands } from "../../../features/audio/band-scaling.js";
import { faded, levelled, melWindow, samplesOfFrames } from "../../../features/audio/clip.js";
import { GenerationError } from "../../../generation/errors.js";
import { compileDenoiser, type DenoiserSession } from "../../../generation/images/denoiser-session.js";
import { type SampleOptions, sampleImages } from "../../../generation/images/sample.js";
import type { Solver } from "../../../generation/images/solvers.js";
import { drawFrames } from "../../../generation/sound/long-sound.js";
import { griffinLimRenderer, soundOf } from "../../../generation/sound/renderer.js";
import { linearPath } from "../../../objectives/flow-matching.js";
import { nearest } from "../../../recipe/nearest.js";
import { kept } from "../../kept.js";
import type { InputFile, Named, Output, Surroundings, UseRequest } from "../../modality.js";
import { pairLabel } from "../build.js";
import { heard, loudSound } from "./heard.js";
import type { Drawing } from "./options.js";
import type { Saved } from "./saved.js";

type Denoising = Saved<"denoiser">;

/** How a model draws where neither a flag nor its recipe says otherwise. */
const usual = { count: 8, steps: 16, solver: "heun" as Solver, guidance: 2 };
/** Of silence between sounds in one file, in seconds. */
const pause = 0.25;
/** Over so many seconds what is drawn takes over from what was given. */
const crossfade = 0.01;

/**
 * Sounds one after another in one file, or each in its own. Throws `GenerationError` for a class or speaker that the model
 * does not know, and options that do not go together.
 */
export async function* draw(
  named: Named<Denoising>,
  flags: Drawing,
  { ending, each }: NonNullable<UseRequest["wanted"]>,
  { runtime, signal, onProgress }: Surroundings,
): AsyncGenerator<Output> {
  const saved = await named.open();
  checkFlags(flags);
  const options = optionsOf(saved, flags);
  const onStep = (_x: Float32Array, _t: number, first: number) => {
    signal?.throwIfAborted();
    onProgress?.("sounds", first, options.count);
  };
  const { device } = flags;
  const session = await kept(saved, device, () =>
    compileDenoiser(runtime, saved.model, saved.weights, { device }),
  );
  const start = performance.now();
  const renderer = griffinLimRenderer(saved.mel);
  const plan = await planOf(saved, flags);
  const spectrograms = await plan.draw(session, { ...options, onStep });
  const size = spectrograms.length / options.count;
  const sounds: Float32Array[] = [];
  for (let number = 0; number < options.count; number++) {
    signal?.throwIfAborted();
    onProgress?.("sounds rendered", number, options.count);
    const scaled = spectrograms.subarray(number * size, (number + 1) * size);
    const rendered = await soundOf(renderer, scaled, saved, { seed: flags.seed, number });
    sounds.push(finished(plan.join(rendered), saved));
  }
  const seconds = (performance.now() - start) / 1000;
  yield* filesOf(sounds, saved, options.labels, ending, each);
  const { count, steps, solver, guidance, seed } = options;
  const length = sounds.reduce((sum, { length }) => sum + length, 0) / saved.mel.sampleRate;
  yield {
    kind: "figures",
    figures: { count, steps, solver, guidance, seed, seconds, soundSeconds: length, renderer: renderer.name },
    remark: `${count} sounds of ${length.toFixed(1)} s in all in ${seconds.toFixed(1)} s, rendered by ${renderer.name}`,
  };
}

type DrawingOptions = SampleOptions & Required<Pick<SampleOptions, "seed" | "guidance">>;

/** What was asked for, and where nothing was what the model's recipe says. */
export function optionsOf(
  saved: Denoising,
  flags: Pick<Drawing, "class" | "speaker" | "count" | "guidance" | "steps" | "solver" | "seed">,
): DrawingOptions {
  const own = saved.generation as Partial<typeof usual>;
  const count = flags.count ?? own.count ?? usual.count;
  return {
    path: linearPath,
    count,
    labels: labelsOf(saved, flags, count),
    steps: flags.steps ?? own.steps ?? usual.steps,
    solver: flags.solver ?? own.solver ?? usual.solver,
    guidance: flags.guidance ?? own.guidance ?? usual.guidance,
    seed: flags.seed,
  };
}

/** The classes that were asked for in turns, and with each round of them the next speaker. */
function labelsOf(saved: Denoising, asked: Pick<Drawing, "class" | "speaker">, count: number) {
  const classes = numbersOf("class", saved.classes, asked.class);
  const speakers = numbersOf("speaker", saved.speakers, asked.speaker);
  return Array.from({ length: count }, (_, i) => {
    const label = classes[i % classes.length];
    const speaker = speakers[Math.floor(i / classes.length) % speakers.length];
    const pair = pairLabel(saved, label, speaker);
    return pair === saved.model.numClasses ? ("none" as const) : pair;
  });
}

/** Of the names that were asked for, or of all; -1 for none. */
function numbersOf(what: string, known: readonly string[], asked: readonly string[] | undefined): number[] {
  if (!asked) return known.length > 0 ? [...known.keys()] : [-1];
  return asked.map((name) => {
    const number = known.findIndex((own) => sameName(own, name));
    if (number >= 0 || name === "none") return number;
    const near = nearest(name, known);
    throw new GenerationError(
      `the model does not know this ${what}`,
      `${JSON.stringify(name)}; it knows ${known.join(", ") || "none"}`,
      near ? `did you mean "${near}"?` : "give one of those, or none",
    );
  });
}

function checkFlags({ from, strength, repair, continue: goesOn, seconds }: Drawing): void {
  const modes = Object.entries({ strength, repair, continue: goesOn }).filter(([, value]) => value !== undefined);
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

/** How spectrograms are drawn, and how the sound that was given is joined with what is rendered of them. */
interface Plan {
  draw(session: DenoiserSession, options: SampleOptions): Promise<Float32Array>;
  join(rendered: Float32Array): Float32Array;
}

async function planOf(saved: Denoising, flags: Drawing): Promise<Plan> {
  const { mel, model } = saved;
  const framesIn = (seconds: number) => Math.ceil((seconds * mel.sampleRate) / mel.hop) + 1;
  const frames = flags.seconds === undefined ? model.width : framesIn(flags.seconds);
  if (!flags.from) {
    return { draw: (session, options) => drawFrames(session, { ...options, frames }), join: (sound) => sound };
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

/** As loud as can be, without a click at either end. Silence stays silent. */
function finished(sound: Float32Array, { mel }: Denoising): Float32Array {
  return faded(levelled(sound) ?? sound, mel.sampleRate);
}

/** All in one file with pauses between them, or each for itself with its number and class. */
async function* filesOf(
  sounds: readonly Float32Array[],
  { mel, classes, speakers }: Denoising,
  labels: SampleOptions["labels"],
  ending: string,
  each: boolean,
): AsyncGenerator<Output> {
  const encode = (samples: Float32Array) => encodeSound([samples], mel.sampleRate, ending as ".wav");
  if (!each) {
    const silence = new Float32Array(Math.round(pause * mel.sampleRate));
    const parts = sounds.flatMap((sound, i) => (i === 0 ? [sound] : [silence, sound]));
    const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    yield { kind: "file", name: `sounds${ending}`, bytes: await encode(whole) };
    return;
  }
  for (const [i, sound] of sounds.entries()) {
    const label = labels?.[i];
    const name =
      typeof label === "number" ? classes[Math.floor(label / (speakers.length + 1))] : undefined;
    const suffix = name === undefined ? "" : `-${name.replace(/[^\p{L}\p{N}]+/gu, "-")}`;
    const number = String(i + 1).padStart(String(sounds.length).length, "0");
    yield { kind: "file", name: `${number}${suffix}${ending}`, bytes: await encode(sound) };
  }
}
