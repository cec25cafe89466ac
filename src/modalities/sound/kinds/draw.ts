/** Sounds out of noise. */
import { joined } from "../../../data/audio/audio.js";
import { encodeSound, type SoundEnding } from "../../../data/audio/write-sound.js";
import { sameName } from "../../../data/images/class-name.js";
import { faded, levelled } from "../../../features/audio/clip.js";
import { GenerationError } from "../../../generation/errors.js";
import { compileDenoiser } from "../../../generation/images/denoiser-session.js";
import type { SampleOptions } from "../../../generation/images/sample.js";
import type { Solver } from "../../../generation/images/solvers.js";
import { soundOf } from "../../../generation/sound/renderer.js";
import { linearPath } from "../../../objectives/flow-matching.js";
import { nearest } from "../../../recipe/nearest.js";
import { kept } from "../../kept.js";
import type { Named, Output, Surroundings, UseRequest } from "../../modality.js";
import { pairLabel } from "../build.js";
import type { Drawing } from "./options.js";
import { planOf } from "./plan.js";
import { rendererOf } from "./rendering.js";
import type { Saved } from "./saved.js";

type Denoising = Saved<"denoiser">;

/** How a model draws where neither a flag nor its recipe says otherwise. */
const usual = { count: 8, steps: 16, solver: "heun" as Solver, shift: 1, guidance: 2 };
/** Of silence between sounds in one file, in seconds. */
const pause = 0.25;

/**
 * Sounds one after another in one file, or each in its own. Throws `GenerationError` for a class or speaker that the model
 * does not know, and options that do not go together.
 */
export async function* draw(
  named: Named<Denoising>,
  flags: Drawing,
  { ending, each }: NonNullable<UseRequest["wanted"]>,
  around: Surroundings,
): AsyncGenerator<Output> {
  const { runtime, signal, onProgress } = around;
  const saved = await named.open();
  const plan = await planOf(saved, flags);
  const options = optionsOf(saved, flags);
  const onStep = (_x: Float32Array, _t: number, first: number) => {
    signal?.throwIfAborted();
    onProgress?.("sounds", first, options.count);
  };
  const session = await kept(saved, "denoiser", () => compileDenoiser(runtime, saved.model, saved.weights));
  const renderer = await rendererOf(saved, flags.vocoder, around);
  const start = performance.now();
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
    shift: own.shift ?? usual.shift,
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

/** As loud as can be, without a click at either end. Silence stays silent. */
export function finished(sound: Float32Array, { mel }: Pick<Denoising, "mel">): Float32Array {
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
  const encode = (samples: Float32Array) => encodeSound([samples], mel.sampleRate, ending as SoundEnding);
  if (!each) {
    const silence = new Float32Array(Math.round(pause * mel.sampleRate));
    const parts = sounds.flatMap((sound, i) => (i === 0 ? [sound] : [silence, sound]));
    yield { kind: "file", name: `sounds${ending}`, bytes: await encode(joined(parts)) };
    return;
  }
  for (const [i, sound] of sounds.entries()) {
    const label = labels?.[i];
    const name = typeof label === "number" ? classes[Math.floor(label / (speakers.length + 1))] : undefined;
    const suffix = name === undefined ? "" : `-${name.replace(/[^\p{L}\p{N}]+/gu, "-")}`;
    const number = String(i + 1).padStart(String(sounds.length).length, "0");
    yield { kind: "file", name: `${number}${suffix}${ending}`, bytes: await encode(sound) };
  }
}
