/**
 * Then use it: sampling text with a key/value cache, drawing images, telling classes, finding things, writing down speech.
 *
 * @module autodidact/generation
 */

export { compileDecoder, type DecoderSession } from "./decoder-session.js";
export { type CellMaps, type DecodeOptions, decodeMaps } from "./detection/decode.js";
export { compileDetector, type DetectorSession } from "./detection/detector-session.js";
export { type SuppressOptions, suppress } from "./detection/suppress.js";
export { GenerationError } from "./errors.js";
export { endTokensOf, type GenerateOptions, type Generation, generate } from "./generate.js";
export type { CompileConstraint, TokenConstraint } from "./grammar/constraint.js";
export { jsonConstraints } from "./grammar/json-schema-constraint.js";
export { compileClassifier } from "./images/classifier-session.js";
export { compileDenoiser } from "./images/denoiser-session.js";
export { imageGrid } from "./images/pictures.js";
export { sampleImages } from "./images/sample.js";
export type { Stereo } from "./music/organ.js";
export { type PianoRoll, type PianoRollOptions, pianoRoll } from "./music/piano-roll.js";
export { type RenderOptions, renderScore } from "./music/render.js";
export { type FollowOptions, followBands } from "./sound/follow-bands.js";
export { type GriffinLimOptions, griffinLim } from "./sound/griffin-lim.js";
export { spectrogramPicture } from "./sound/spectrogram-picture.js";
export {
  compileVocoder,
  type VocodeOptions,
  type VocoderParts,
  type VocoderSession,
} from "./sound/vocode.js";
export { readArpa, writeArpa } from "./speech/arpa.js";
export { type BeamOptions, type BeamSearch, beamSearch, type Hypothesis } from "./speech/beam.js";
export type { EmissionParts, Emissions } from "./speech/emissions.js";
export { trainNgrams } from "./speech/kneser-ney.js";
export type { Sound } from "./speech/long-audio.js";
export { type NgramEntry, NgramModel } from "./speech/ngram.js";
export {
  compileRecogniser,
  type RecogniserOptions,
  type RecogniserSession,
} from "./speech/recogniser-session.js";
export { type Segment, segmentsOf } from "./speech/segments.js";
export { type Settled, SettlingText } from "./speech/settling.js";
export {
  toSrt,
  toTsv,
  toVerboseJson,
  toVtt,
  type VerboseParts,
  type VerboseTranscript,
} from "./speech/subtitles.js";
export { type Transcript, transcriptOf, type Word } from "./speech/transcript.js";
export { type TranslateOptions, type Translation, translate } from "./translation/translate.js";
export type { TranslatedSentence, TranslationFlag, Translator } from "./translation/translate-sentences.js";
export {
  compileTranslator,
  type TranslatorOptions,
  type TranslatorSession,
} from "./translation/translator-session.js";
