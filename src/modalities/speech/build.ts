/** From a resolved recipe for speech to its model and objective. */
import type { SavedSpeechModel } from "../../interop/speech-folder.js";
import { codePredictor } from "../../models/code-predictor.js";
import { conformer } from "../../models/conformer.js";
import type { SpeechEncoder, SpeechModel, SpeechRecogniser } from "../../models/speech-encoder.js";
import { speechRecogniser } from "../../models/speech-recogniser.js";
import { bestRq } from "../../objectives/best-rq.js";
import { ctc } from "../../objectives/ctc.js";
import {
  type RandomProjectionQuantiser,
  randomProjectionQuantiser,
} from "../../objectives/random-projection-quantiser.js";
import type { SpeechBatchShape, SpeechObjective } from "../../objectives/speech-objective.js";
import { speechTask, type Task } from "../../objectives/task.js";
import type { SpeechRecipe } from "./recipe.js";
import { featureWidth } from "./utterances.js";

/** An objective's part in making batches: it needs no model, so that a thread of its own can make them. */
export interface BatchObjective {
  readonly objective: Pick<SpeechObjective<never>, "complete">;
  /** Gives frames the codes that are learned from, in so many codebooks. */
  readonly quantiser?: RandomProjectionQuantiser;
  readonly numCodebooks?: number;
}

/** `vocabSize` where texts are learned. */
export function buildBatchObjective(
  recipe: SpeechRecipe,
  vocabSize: number | undefined,
  numLayers: number,
): BatchObjective {
  const { objective, training } = recipe;
  if (objective.kind === "ctc") {
    return { objective: ctc({ vocabSize: vocabSize!, numLayers, layerDrop: objective.layerDrop }) };
  }
  const { codes: numCodes, codebooks: numCodebooks } = objective;
  return {
    objective: bestRqOf(objective, numLayers),
    quantiser: randomProjectionQuantiser({ seed: training.seed, featureWidth, numCodes, numCodebooks }),
    numCodebooks,
  };
}

type BestRq = Extract<SpeechRecipe["objective"], { kind: "bestRq" }>;

function bestRqOf({ codes, codebooks, spanStarts, spanLength, layerDrop }: BestRq, numLayers: number) {
  return bestRq({
    numCodes: codes,
    numCodebooks: codebooks,
    startProbability: spanStarts,
    spanLength,
    numLayers,
    layerDrop,
  });
}

/** A model as it is saved, and what it is trained to do with batches of some shapes. */
export interface BuiltSpeech {
  readonly saved: SpeechModel;
  readonly encoder: SpeechEncoder;
  /** Where it is one. */
  readonly recogniser?: SpeechRecogniser;
  task(shapes: readonly SpeechBatchShape[]): Task;
}

/** A recipe's model and task, over the encoder of a trained one where it has one. Throws `ModelError` for sizes. */
export function buildSpeech(
  { model, objective }: SpeechRecipe,
  vocabSize: number | undefined,
  base: SavedSpeechModel | undefined,
): BuiltSpeech {
  const encoder = base
    ? encoderOf(base)
    : conformer({ ...(model as Extract<typeof model, { kind: "conformer" }>), featureWidth });
  const { numLayers } = encoder;
  if (objective.kind === "ctc") {
    const recogniser = speechRecogniser(encoder, vocabSize!);
    const learned = ctc({ vocabSize: vocabSize!, numLayers, layerDrop: objective.layerDrop });
    return {
      saved: recogniser,
      encoder,
      recogniser,
      task: (shapes) => speechTask(recogniser, shapes, learned),
    };
  }
  const predictor = codePredictor(encoder, { numCodes: objective.codes, numCodebooks: objective.codebooks });
  const learned = bestRqOf(objective, numLayers);
  return { saved: encoder, encoder, task: (shapes) => speechTask(predictor, shapes, learned) };
}

/** The encoder of a model of speech, which it may be itself. */
export const encoderOf = (saved: SavedSpeechModel): SpeechEncoder =>
  saved.kind === "recogniser" ? saved.model.encoder : saved.model;
