/**
 * Then measure it: perplexity, multiple choice, side by side; distances and accuracies of images; words that are wrong; translations; boxes.
 *
 * @module autodidact/evaluation
 */

export { type Comparison, compare } from "./compare.js";
export {
  type ClassMetrics,
  type CocoMetrics,
  cocoMetrics,
  type RecallPoint,
} from "./detection/coco-metrics.js";
export { type CountError, type CountErrors, countErrors } from "./detection/count-error.js";
export { bestPoint, type ScorePoint, scoreCurve } from "./detection/score-curve.js";
export { EvaluationError } from "./errors.js";
export { openEncoderFeatures } from "./images/encoder-features.js";
export { featuresOf } from "./images/features.js";
export { frechetDistance } from "./images/frechet.js";
export { kernelDistance } from "./images/kernel-distance.js";
export { kNearestAccuracy } from "./images/nearest-accuracy.js";
export { nearestNeighbours } from "./images/neighbours.js";
export { openOnnxFeatures } from "./images/onnx-features.js";
export { precisionRecall } from "./images/precision-recall.js";
export { compileScorer, type Score, type Scorer, type TokenPair } from "./log-likelihood.js";
export { evaluateMultipleChoice } from "./multiple-choice.js";
export { compareMusic, type MusicComparison, type MusicSetStatistics } from "./music/compare-music.js";
export {
  type MusicStatistics,
  musicStatistics,
  pitchClasses,
  sharesOverlap,
} from "./music/music-statistics.js";
export { type CopiedNotes, copiedNotes, longestRepeat, type NoteRuns, noteRuns } from "./music/note-runs.js";
export { type VoiceLeading, voiceLeading } from "./music/voice-leading.js";
export { measurePerplexity } from "./perplexity.js";
export { readPrompts } from "./prompts.js";
export { readQuestions } from "./questions.js";
export { type SpectralDistance, spectralDistance } from "./sound/spectral-distance.js";
export { type Baseline, baselineOf, mostFrequentWord } from "./speech/baselines.js";
export type { Edit } from "./speech/edits.js";
export {
  type Confusion,
  confusions,
  type ErrorRate,
  errorRate,
  errorRatesBySpeaker,
  type Unit,
  type Utterance,
} from "./speech/error-rate.js";
export { type BleuOptions, type BleuScore, bleu, bleuMetric, sentenceBleu } from "./translation/bleu.js";
export { type ChrfOptions, chrf, chrfMetric } from "./translation/chrf.js";
export { type CorpusMetric, corpusScore, type TranslatedSegment } from "./translation/corpus-metric.js";
export {
  type PairedBootstrap,
  type PairedBootstrapOptions,
  pairedBootstrap,
  type ResampledScore,
} from "./translation/paired-bootstrap.js";
