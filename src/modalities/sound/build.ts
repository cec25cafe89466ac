/** From a resolved recipe for sound to its window of mel bands, its model and its task. */
import type { MelSpectrogram } from "../../features/audio/mel-settings.js";
import { slaneyMel } from "../../features/audio/slaney-mel.js";
import type { SoundModelKind } from "../../interop/sound-config.js";
import { withBandPositions } from "../../models/band-positions.js";
import { dit } from "../../models/dit.js";
import { imageClassifier } from "../../models/image-classifier.js";
import { predictData } from "../../models/predict-data.js";
import { resnet } from "../../models/resnet.js";
import { crossEntropy } from "../../objectives/cross-entropy.js";
import { flowMatching } from "../../objectives/flow-matching.js";
import type { ImageBatchShape, ImageObjective } from "../../objectives/image-objective.js";
import { imageTask, type Task } from "../../objectives/task.js";
import { RecipeError } from "../../recipe/errors.js";
import type { SoundRecipe } from "./recipe.js";

/** What a model of sound reads and draws: mel bands over so many frames. */
export interface MelWindow {
  readonly mel: MelSpectrogram;
  readonly frames: number;
}

/** The window of a recipe: as many frames as its seconds have, in whole tokens. */
export function windowOf({ features, model }: SoundRecipe): MelWindow {
  const mel = slaneyMel(features.sampleRate, features);
  const inToken = model.kind === "dit" ? model.patchFrames : 1;
  const frames = Math.ceil((features.seconds * mel.sampleRate) / mel.hop / inToken) * inToken;
  return { mel, frames };
}

/** The batches of a recipe: spectrograms as images of one channel. */
export function batchShapeOf(recipe: SoundRecipe): ImageBatchShape {
  const { mel, frames } = windowOf(recipe);
  return { batchSize: recipe.training.batchSize, channels: 1, height: mel.bands, width: frames };
}

/** How many classes and speakers there are to choose from. */
export interface Choices {
  readonly classes: readonly string[];
  readonly speakers: readonly string[];
}

/** The labels of a model that knows these: one for each pair of class and speaker, "none" among both, but for none of either. */
export const pairsOf = ({ classes, speakers }: Choices): number =>
  (classes.length + 1) * (speakers.length + 1) - 1;

/** The label of a class and a speaker by their numbers, -1 for none; of neither it is `pairsOf`. */
export function pairLabel({ classes, speakers }: Choices, label: number, speaker: number): number {
  const [row, column] = [label < 0 ? classes.length : label, speaker < 0 ? speakers.length : speaker];
  return row * (speakers.length + 1) + column;
}

/** An objective's part in making batches, which needs no model. */
export function buildBatchObjective(
  { objective }: SoundRecipe,
  choices: Choices,
): Pick<ImageObjective<never>, "complete"> {
  return objective.kind === "flowMatching"
    ? flowMatching({ ...objective, numClasses: pairsOf(choices) })
    : crossEntropy({ ...objective, numClasses: choices.classes.length });
}

/**
 * A recipe's model and task. Throws `RecipeError` for parts that do not go together and for too few classes,
 * `ModelError` for sizes.
 */
export function buildSound(recipe: SoundRecipe, choices: Choices): SoundModelKind & { readonly task: Task } {
  const { model, objective } = recipe;
  const shape = batchShapeOf(recipe);
  const { classes, speakers } = choices;
  const inClips = (task: Task): Task => ({ ...task, unit: "clips", counts: "clips" });
  if (model.kind === "dit" && objective.kind === "flowMatching") {
    const patchSize = [shape.height, model.patchFrames] as const;
    const numbers = { numClasses: classes.length, numSpeakers: speakers.length };
    const denoiser = predictData(dit({ ...shape, ...model, ...numbers, patchSize }));
    const task = imageTask(denoiser, shape, flowMatching({ ...objective, numClasses: pairsOf(choices) }));
    return { kind: "denoiser", model: denoiser, task: inClips(task) };
  }
  if (model.kind === "resnet" && objective.kind === "crossEntropy") {
    requireClasses(classes);
    const encoder = withBandPositions(resnet({ ...shape, ...model, channels: 2 }));
    const classifier = imageClassifier(encoder, classes.length);
    const task = imageTask(classifier, shape, crossEntropy({ ...objective, numClasses: classes.length }));
    return { kind: "classifier", model: classifier, task: inClips(task) };
  }
  throw new RecipeError(
    "the objective does not go with the model",
    `objective.kind ${objective.kind}, model.kind ${model.kind}`,
    "choose a dit with flowMatching, or a resnet with crossEntropy",
  );
}

function requireClasses(classes: readonly string[]): void {
  if (classes.length >= 2) return;
  throw new RecipeError(
    "telling classes apart takes two or more of them",
    `${classes.length} in the data`,
    "give clips with a class a folder, or say in data.names where the class is in their names",
  );
}
