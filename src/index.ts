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
export { readChats } from "./data/chat/chat.js";
export { packRows } from "./data/chat/packing.js";
export { readPreferences } from "./data/chat/preferences.js";
export type { ImageBatch, ImageShape, LabelledImage } from "./data/images/image.js";
export { decodeImage, type ImageSource, openImages } from "./data/images/open-images.js";
export { encodeAnimation, encodePng } from "./data/images/write-images.js";
// 1 prepare data
export {
  type BatchShape,
  evaluationBatches,
  type TokenBatch,
  tokenWindows,
  trainingBatch,
} from "./data/text/batches.js";
export { type Corpus, type CorpusOptions, openCorpus } from "./data/text/corpus.js";
export { type PreparedTokens, prepareTokens } from "./data/text/prepare.js";
export { openShards, type TokenShards, writeShards } from "./data/text/shards.js";
export type { Batch, TrainingData } from "./data/training-data.js";
// Then: use it.
export { type Comparison, compare } from "./evaluation/compare.js";
export { EvaluationError } from "./evaluation/errors.js";
export { openEncoderFeatures } from "./evaluation/images/encoder-features.js";
export { featuresOf } from "./evaluation/images/features.js";
export { frechetDistance } from "./evaluation/images/frechet.js";
export { kernelDistance } from "./evaluation/images/kernel-distance.js";
export { kNearestAccuracy } from "./evaluation/images/nearest-accuracy.js";
export { nearestNeighbours } from "./evaluation/images/neighbours.js";
export { openOnnxFeatures } from "./evaluation/images/onnx-features.js";
export { precisionRecall } from "./evaluation/images/precision-recall.js";
export { compileScorer, type Score, type Scorer, type TokenPair } from "./evaluation/log-likelihood.js";
export { evaluateMultipleChoice } from "./evaluation/multiple-choice.js";
export { measurePerplexity } from "./evaluation/perplexity.js";
export { readPrompts } from "./evaluation/prompts.js";
export { readQuestions } from "./evaluation/questions.js";
export {
  ChatError,
  type ChatMessage,
  chatMl,
  chatMlTokens,
  chatTemplate,
} from "./features/chat/chat-template.js";
export { chatTokens, cutAtTurn } from "./features/chat/chat-tokens.js";
// 2 features
export { trainBpe } from "./features/tokenizer/bpe-trainer.js";
export { byteTokenizer } from "./features/tokenizer/byte-tokenizer.js";
export { trainCharacterTokenizer } from "./features/tokenizer/character-tokenizer.js";
export { loadTokenizer, saveTokenizer } from "./features/tokenizer/load-tokenizer.js";
export { addSpecialTokens } from "./features/tokenizer/special-tokens.js";
export { type Tokenizer, TokenizerError } from "./features/tokenizer/tokenizer.js";
export { openFolder } from "./files/disk.js";
export { DataError, FolderError, MissingFileError, ShardError } from "./files/errors.js";
export type { Folder } from "./files/folder.js";
export { memoryFolder } from "./files/memory.js";
export { compileDecoder, type DecoderSession } from "./generation/decoder-session.js";
export { GenerationError } from "./generation/errors.js";
export { type GenerateOptions, type Generation, generate } from "./generation/generate.js";
export { compileClassifier } from "./generation/images/classifier-session.js";
export { compileDenoiser } from "./generation/images/denoiser-session.js";
export { imageGrid } from "./generation/images/pictures.js";
export { sampleImages } from "./generation/images/sample.js";
export { loadAdapter, mergeAdapter, type SavedAdapter, saveAdapter } from "./interop/adapter.js";
export { CheckpointError } from "./interop/errors.js";
export { GgufError } from "./interop/gguf/errors.js";
export { exportGguf } from "./interop/gguf/export.js";
export type { GgufType } from "./interop/gguf/tensor-types.js";
export { HubError, HubUnreachableError } from "./interop/hub/errors.js";
export { fetchModel } from "./interop/hub/fetch-model.js";
export type { FetchOptions, FetchProgress } from "./interop/hub/from-hub.js";
export { openImageModel, type SavedImageModel, saveImageModel } from "./interop/image-folder.js";
export { exportImageOnnx } from "./interop/image-onnx.js";
export { loadModel, locateModel, openModel, type SavedModel, saveModel } from "./interop/model-folder.js";
export { exportOnnx, type OnnxExportOptions } from "./interop/onnx-export.js";
export { modalityOf, resolveRecipe } from "./modalities/find.js";
export type * from "./modalities/modality.js";
export { type Run, RunError, readRecipe, resumeRun, startRun } from "./modalities/run.js";
export { findNamed } from "./modalities/saved.js";
export { defineRecipe, modalities, type Recipe, type RecipeInput } from "./modalities/table.js";
// Runs: from a recipe to a trained model in a folder, and on from there.
export { contrastive } from "./models/contrastive.js";
// 3 predict
export type { Decoder } from "./models/decoder.js";
export { type DitConfig, dit } from "./models/dit.js";
export { type Gpt2Config, gpt2 } from "./models/gpt2.js";
export { imageClassifier } from "./models/image-classifier.js";
export type {
  Denoiser,
  ImageClassifier,
  ImageEncoder,
  ImageModel,
  MaskedAutoencoder,
} from "./models/image-model.js";
export { type LlamaConfig, llama } from "./models/llama.js";
export { type MaskedAutoencoderConfig, maskedAutoencoder } from "./models/mae.js";
export { type ResNetConfig, resnet } from "./models/resnet.js";
export { type UNetConfig, unet } from "./models/unet.js";
export { type VitConfig, vit } from "./models/vit.js";
export type { LoraConfig } from "./nn/lora.js";
export { crossEntropy } from "./objectives/cross-entropy.js";
export { ddpm, diffusionPath } from "./objectives/ddpm.js";
// 4 loss
export { type DpoOptions, dpo } from "./objectives/dpo.js";
export { flowMatching, linearPath } from "./objectives/flow-matching.js";
export type { ImageBatchShape, ImageObjective } from "./objectives/image-objective.js";
export { maskedPatches } from "./objectives/masked-patches.js";
export { type NextTokenOptions, nextToken, nextTokenLoss } from "./objectives/next-token.js";
export { ntXent } from "./objectives/nt-xent.js";
export type { Objective } from "./objectives/objective.js";
export { imageTask, languageTask, type Task } from "./objectives/task.js";
// 5 gradient descent
export { type AdamWOptions, adamw } from "./optim/adamw.js";
export { type Layout, layOut, parameterTensors } from "./optim/layout.js";
export { type MuonOptions, muon } from "./optim/muon.js";
export type { Optimizer, ParameterGroup, UpdateRule } from "./optim/optimizer.js";
export { type Schedule, scheduleFactor } from "./optim/schedule.js";
export { type SgdOptions, sgd } from "./optim/sgd.js";
export { compileOptimizer } from "./optim/update.js";
export { RecipeError } from "./recipe/errors.js";
export type { Engine, GenerationEvent, GenerationRequest } from "./serving/engine/engine.js";
export { startEngine } from "./serving/engine/worker-engine.js";
export { ServingError } from "./serving/errors.js";
export { startServer } from "./serving/openai/server.js";
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
export { type CompiledLoss, compileLoss, type Losses } from "./training/step.js";
export { createTrainer, type Trainer, type TrainerOptions } from "./training/trainer.js";
export { weightsOf } from "./training/weights.js";
