/**
 * 4 loss: what a model is trained to do, target and loss together.
 *
 * @module autodidact/objectives
 */

export { type BestRqOptions, bestRq, type SpanOptions } from "./best-rq.js";
export { type CrossEntropyOptions, crossEntropy } from "./cross-entropy.js";
export { type CtcOptions, ctc, fitsCtc } from "./ctc.js";
export { type CtcTargets, ctcLoss } from "./ctc-loss.js";
export { type DdpmOptions, ddpm, diffusionPath, type NoiseSchedule } from "./ddpm.js";
export { type DetectionTargets, denseDetection, denseDetectionLoss } from "./dense-detection.js";
export { type DpoOptions, dpo } from "./dpo.js";
export { ObjectiveError } from "./errors.js";
export { type FlowMatchingOptions, flowMatching, linearPath } from "./flow-matching.js";
export type { ImageBatchShape, ImageObjective } from "./image-objective.js";
export { type MaskedPatchesOptions, maskedPatches } from "./masked-patches.js";
export { type NextTokenOptions, nextToken, nextTokenLoss } from "./next-token.js";
export { type NtXentOptions, ntXent } from "./nt-xent.js";
export type { Objective } from "./objective.js";
export {
  type RandomProjectionQuantiser,
  type RandomProjectionQuantiserOptions,
  randomProjectionQuantiser,
} from "./random-projection-quantiser.js";
export type {
  SequenceBatch,
  SequenceBatchShape,
  SequenceObjective,
  SequencePair,
} from "./sequence-objective.js";
export { type SequenceToSequenceOptions, sequenceToSequence } from "./sequence-to-sequence.js";
export { type SpectraShape, spectralMagnitudes } from "./spectral-magnitudes.js";
export type { SpeechBatch, SpeechBatchShape, SpeechObjective } from "./speech-objective.js";
export type { StochasticDepthOptions } from "./stochastic-depth.js";
export { imageTask, languageTask, type Task } from "./task.js";
