/** Autodidact as a library: runs as the command line makes them, and every part they are made of. */

// Underneath: symbolic tensors, their operators and gradients, and where graphs run.
export { recompute } from "./core/autodiff/custom.js";
export { grad } from "./core/autodiff/grad.js";
export { AutodidactError } from "./core/errors.js";
export type { DType } from "./core/graph/dtype.js";
export { constant, input, named, scalar, type Tensor } from "./core/graph/tensor.js";
export * as ops from "./core/ops/index.js";
export { nodeRuntime } from "./core/runtime/node.js";
export {
  compile,
  type Device,
  type HostTensor,
  hostTensor,
  int64Tensor,
  type Runtime,
  RuntimeError,
  type Session,
  type SessionOptions,
} from "./core/runtime/session.js";
// 1 prepare data
export { type BatchShape, evaluationBatches, type TokenBatch, trainingBatch } from "./data/batches.js";
export { type Corpus, type CorpusOptions, openCorpus } from "./data/corpus.js";
export { openFolder } from "./data/disk.js";
export { DataError, FolderError, MissingFileError, ShardError } from "./data/errors.js";
export type { Folder } from "./data/folder.js";
export { memoryFolder } from "./data/memory.js";
export { type PreparedTokens, prepareTokens } from "./data/prepare.js";
export { openShards, type TokenShards, writeShards } from "./data/shards.js";
// 2 features
export { trainBpe } from "./features/bpe-trainer.js";
export { byteTokenizer } from "./features/byte-tokenizer.js";
export { trainCharacterTokenizer } from "./features/character-tokenizer.js";
export { loadTokenizer, saveTokenizer } from "./features/load-tokenizer.js";
export { type Tokenizer, TokenizerError } from "./features/tokenizer.js";
// Then: use it.
export { compileDecoder, type DecoderSession } from "./generation/decoder-session.js";
export { GenerationError } from "./generation/errors.js";
export { type GenerateOptions, type Generation, generate } from "./generation/generate.js";
export { CheckpointError } from "./interop/errors.js";
export { loadModel, openModel, type SavedModel, saveModel } from "./interop/model-folder.js";
// 3 predict
export type { Decoder } from "./models/decoder.js";
export { type Gpt2Config, gpt2 } from "./models/gpt2.js";
export { type LlamaConfig, llama } from "./models/llama.js";
// 4 loss
export { type NextTokenOptions, nextTokenLoss } from "./objectives/next-token.js";
// 5 gradient descent
export { type AdamWOptions, adamw } from "./optim/adamw.js";
export { type Layout, layOut, views } from "./optim/layout.js";
export { type MuonOptions, muon } from "./optim/muon.js";
export type { Optimizer, ParameterGroup, UpdateRule } from "./optim/optimizer.js";
export { type Schedule, scheduleFactor } from "./optim/schedule.js";
export { type SgdOptions, sgd } from "./optim/sgd.js";
export { compileOptimizer } from "./optim/update.js";
export { RecipeError } from "./recipe/errors.js";
// Runs: from a recipe to a trained model in a folder, and on from there.
export { defineRecipe, type Recipe, type RecipeInput, resolveRecipe } from "./recipe/recipe.js";
export { type Run, RunError, readRecipe, resumeRun, type Surroundings, startRun } from "./recipe/run.js";
// 6 iterate
export { ResumeError } from "./training/checkpoint.js";
export { type Evaluation, evaluateLoss } from "./training/evaluate.js";
export {
  DivergenceError,
  iterate,
  type LoopOptions,
  type StepReport,
  type Summary,
} from "./training/loop.js";
export { findLearningRate } from "./training/lr-find.js";
export { compileLoss } from "./training/step.js";
export { createTrainer, type Trainer, type TrainerOptions } from "./training/trainer.js";
export { weightsOf } from "./training/weights.js";
