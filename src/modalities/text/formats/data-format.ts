/** What every format of data gives a run. */
import type { Runtime } from "../../../core/runtime/session.js";
import type { TrainingData } from "../../../data/training-data.js";
import type { Tokenizer } from "../../../features/tokenizer/tokenizer.js";
import type { Folder } from "../../../files/folder.js";
import type { Decoder } from "../../../models/decoder.js";
import type { Weights } from "../../../nn/weights.js";
import type { Surroundings } from "../../modality.js";
import type { Base } from "../base.js";
import type { TextRecipe } from "../recipe.js";

/** Data that have been read through and found fit. Nothing is written yet. */
export interface CheckedData {
  readonly tokenizer: Tokenizer;
  /** The pretrained model, with a row for each token. */
  readonly base?: Base;
  /** What is not learned from though the files hold it, such as "3 with equal answers". */
  readonly leftOut?: readonly string[];
  /** What else there is to know, a sentence each; complete once `write` is done. */
  readonly notes?: readonly string[];
  write(folder: Folder): Promise<void>;
}

/** The model that learns, with its weights where they lie: training changes them in place. */
export interface Learner {
  readonly runtime: Runtime;
  readonly model: Decoder;
  readonly tokenizer: Tokenizer;
  readonly weights: Weights;
  /** Tokens that end an answer, beside the tokenizer's end of text. */
  readonly endTokens?: readonly number[];
}

/** What a run learns from. */
export interface RunData {
  readonly tokenizer: Tokenizer;
  /** Where the model that learns makes it: what it makes. */
  readonly data: TrainingData | ((learner: Learner) => Promise<TrainingData>);
  readonly sizes: { readonly train: number; readonly validation: number; readonly unit: string };
  /** See `CheckedData`; known where the data have just been read. */
  readonly leftOut?: readonly string[];
  readonly notes?: readonly string[];
}

/** How one format of data is prepared and read. */
export interface DataFormat {
  /** Reads everything once. `rowLength` is in tokens. */
  check(
    recipe: TextRecipe,
    around: Surroundings,
    base: Base | undefined,
    rowLength: number,
  ): Promise<CheckedData>;
  open(folder: Folder, recipe: TextRecipe, rowLength: number): Promise<Omit<RunData, "tokenizer">>;
}
