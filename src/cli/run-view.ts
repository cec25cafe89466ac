import type { Folder } from "../files/folder.js";
import type { LoopOptions, Summary } from "../training/loop.js";

type Callbacks = Pick<LoopOptions, "onStep" | "onEvaluation">;

/** What `train` shows of a run, whatever it learns from. */
export interface RunView {
  readonly run: {
    readonly folder: Folder;
    train(callbacks?: Pick<LoopOptions, "signal"> & Callbacks): Promise<Summary>;
  };
  /** Lines about model and data. */
  readonly introduction: readonly string[];
  /** Callbacks for training, and `finish`. `gflops` is the machine's peak. */
  watch(gflops: number): Promise<Callbacks & { finish(): Promise<void> }>;
  /** Commands to go on with, for a run in the folder. */
  next(folder: string): string[];
}
