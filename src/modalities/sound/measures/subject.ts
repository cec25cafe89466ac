/** What models of sound are measured with: clips of their run, sounds that are drawn, and a judge. */
import { resample } from "../../../data/audio/resample.js";
import { sameName } from "../../../data/images/class-name.js";
import { EvaluationError } from "../../../evaluation/errors.js";
import { levelled } from "../../../features/audio/clip.js";
import { compileDenoiser } from "../../../generation/images/denoiser-session.js";
import { sampleImages } from "../../../generation/images/sample.js";
import { soundOf } from "../../../generation/sound/renderer.js";
import { openSoundModel, type SavedSoundModel } from "../../../interop/sound-folder.js";
import { checkedBy } from "../../../recipe/resolve.js";
import { readSavedRecipe } from "../../../recipe/run-folder.js";
import { finderOf, type Named, type Surroundings } from "../../modality.js";
import { optionsOf } from "../kinds/draw.js";
import { readWindow } from "../kinds/heard.js";
import type { Measuring } from "../kinds/options.js";
import { rendererOf } from "../kinds/rendering.js";
import type { Saved } from "../kinds/saved.js";
import { openPreparedSound, type PreparedClips, type PreparedSound } from "../prepared.js";
import { type SoundRecipe, soundRecipeSchema } from "../recipe.js";

/** Sounds at a time. */
export const batchSize = 50;

/** A model that draws, the clips of its run, and what else the flags say. */
export interface Subject {
  /** As it was named. */
  readonly name: string;
  readonly saved: Saved<"denoiser">;
  readonly sound: PreparedSound;
  readonly recipe: SoundRecipe;
  readonly flags: Measuring;
  readonly around: Surroundings;
}

/** The recipe and the clips of the run that a model is of. Throws `EvaluationError` for a model that is no run. */
export async function clipsOfRun({ folder, name }: Named): Promise<Pick<Subject, "sound" | "recipe">> {
  if ((await folder.size("recipe.json")) === undefined) {
    throw new EvaluationError(
      "there are no clips to measure the model on",
      `${name} is no run, which would have some`,
      "give the folder of the run that trained it",
    );
  }
  const source = `${folder.location}/recipe.json`;
  const recipe = checkedBy(soundRecipeSchema, await readSavedRecipe(folder), source);
  return { recipe, sound: await openPreparedSound(folder.folder("data")) };
}

/** The clips of these speakers alone, where some are named, of which drawing tells the ones that there are not. */
export function spokenBy(sound: PreparedSound, names: readonly string[] | undefined): PreparedSound {
  if (!names) return sound;
  const asked = names.map((name) => sound.speakers.findIndex((own) => sameName(own, name)));
  const only = ({ audio, clips }: PreparedClips): PreparedClips => ({
    audio,
    clips: clips.filter(({ speaker }) => asked.includes(speaker)),
  });
  return { ...sound, train: only(sound.train), validation: only(sound.validation) };
}

/** A sound with its class, or -1. */
export interface LabelledSound {
  readonly samples: Float32Array;
  readonly sampleRate: number;
  readonly label: number;
  /** Whether it begins with silence, as what is drawn does. */
  readonly hasLead: boolean;
}

/** Sounds of all classes in turns, as `generate` draws them. */
export interface DrawnSounds {
  /** [count, bands, frames] in the scale of the model. */
  readonly spectrograms: Float32Array;
  readonly sounds: readonly LabelledSound[];
  /** What made sound of spectrograms. */
  readonly renderer: string;
}

/** Draws and renders them. */
export async function drawSounds({ saved, flags, around }: Subject): Promise<DrawnSounds> {
  const { samples: count, ...how } = flags;
  const options = optionsOf(saved, { ...how, count });
  const session = await compileDenoiser(around.runtime, saved.model, saved.weights);
  const onStep = (_x: Float32Array, _t: number, first: number) => around.onProgress?.("sounds", first, count);
  const spectrograms = await sampleImages(session, { ...options, batchSize, onStep });
  await session.release();
  const renderer = await rendererOf(saved, flags.vocoder, around);
  const size = spectrograms.length / count;
  const sounds: LabelledSound[] = [];
  for (let number = 0; number < count; number++) {
    around.signal?.throwIfAborted();
    around.onProgress?.("sounds rendered", number, count);
    const scaled = spectrograms.subarray(number * size, (number + 1) * size);
    const samples = await soundOf(renderer, scaled, saved, { seed: flags.seed, number });
    const pair = options.labels![number];
    const label = pair === "none" ? -1 : Math.floor(pair / (saved.speakers.length + 1));
    const { sampleRate } = saved.mel;
    sounds.push({ samples, sampleRate, label: label < saved.classes.length ? label : -1, hasLead: true });
  }
  return { spectrograms, sounds, renderer: renderer.name };
}

/** The clips of a split as sounds; of more than `most`, some at even distances. */
export async function soundsOf(
  { audio, clips }: PreparedClips,
  most = clips.length,
): Promise<LabelledSound[]> {
  const count = Math.min(most, clips.length);
  const chosen = Array.from(
    { length: count },
    (_, i) => clips[Math.floor(((i + 0.5) * clips.length) / count)],
  );
  const sounds: LabelledSound[] = [];
  for (const { number, label } of chosen) {
    const samples = await audio.read(number);
    sounds.push({ samples, sampleRate: audio.sampleRate, label, hasLead: false });
  }
  return sounds;
}

/** A judge, as it was named. */
export interface Judge {
  readonly name: string;
  readonly saved: Saved<"classifier">;
}

/** The model that `--judge` names. Throws `EvaluationError` where there is none, or it is no classifier. */
export async function openJudge({ flags, around }: Subject): Promise<Judge> {
  const { judge: name } = flags;
  if (name === undefined) {
    throw new EvaluationError(
      "sounds are measured by a judge, and there is none",
      "--judge is missing",
      "train one by the recipe sound-classifier on the same classes, and give its run with --judge",
    );
  }
  const saved = await openSoundModel((await finderOf(around)(name)).folder);
  if (saved.kind === "classifier") return { name, saved };
  throw new EvaluationError(
    "the judge tells nothing",
    `${name} draws`,
    "give a run of the recipe sound-classifier",
  );
}

/** What a model reads of sounds, so many at a time, each [n, 1, bands, frames]. Silence is read as it is. */
export function* readBy(saved: SavedSoundModel, sounds: readonly LabelledSound[]): Generator<Float32Array> {
  const size = saved.model.height * saved.model.width;
  for (let first = 0; first < sounds.length; first += batchSize) {
    const part = sounds.slice(first, first + batchSize);
    const images = new Float32Array(part.length * size);
    for (const [row, { hasLead, samples, sampleRate }] of part.entries()) {
      const sound = resample(samples, sampleRate, saved.mel.sampleRate);
      images.set(readWindow(saved, levelled(sound) ?? sound, hasLead ? 0 : saved.lead), row * size);
    }
    yield images;
  }
}
