/** What every format of data gives a run. */
import type { Runtime } from "../core/runtime/session.js";
import type { TrainingData } from "../data/text/batches.js";
import type { Tokenizer } from "../features/tokenizer/tokenizer.js";
import type { Folder } from "../files/folder.js";
import type { Base, FindModel } from "./base.js";
import type { Recipe } from "./recipe.js";

/** What a run needs from its surroundings. */
export interface Surroundings {
  readonly runtime: Runtime;
  /** Opens the folder at a path. */
  readonly openFolder: (path: string) => Folder;
  /** Finds a pretrained model; default: a folder of that name. */
  readonly findModel?: FindModel;
  /** Make batches of images in a thread, ahead of the step; their folder must be one on a disk. Default: no. */
  readonly ahead?: boolean;
}

/** Data that have been read through and found fit. Nothing is written yet. */
export interface CheckedData {
  readonly tokenizer: Tokenizer;
  /** The pretrained model, with a row for each token. */
  readonly base?: Base;
  /** What is not learned from though the files hold it, such as "3 with equal answers". */
  readonly leftOut?: readonly string[];
  write(folder: Folder): Promise<void>;
}

/** What a run learns from. */
export interface RunData {
  readonly tokenizer: Tokenizer;
  readonly data: TrainingData;
  readonly sizes: { readonly train: number; readonly validation: number; readonly unit: string };
  /** See `CheckedData`; known where the data have just been read. */
  readonly leftOut?: readonly string[];
}

/** How one format of data is prepared and read. */
export interface DataKind {
  /** Reads everything once. `rowLength` is in tokens. */
  check(
    recipe: Recipe,
    around: Surroundings,
    base: Base | undefined,
    rowLength: number,
  ): Promise<CheckedData>;
  open(folder: Folder, recipe: Recipe, rowLength: number): Promise<Omit<RunData, "tokenizer">>;
}
