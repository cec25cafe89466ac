/**
 * 2 features: tokenizers and chat templates; spoiled sentences; images with boxes; mel bands of sound and the vocabularies
 * of its transcripts.
 *
 * @module autodidact/features
 */

export { AudioFeatureError } from "./audio/errors.js";
export { type SpeechFeatures, speechFeatures } from "./audio/feature-extractor.js";
export { integratedLoudness, type SoundFaults, soundFaults } from "./audio/loudness.js";
export { logMagnitudes, melMagnitudes, roughLogs } from "./audio/mel-magnitudes.js";
export { kaldiMel, type MelSpectrogram, whisperMel } from "./audio/mel-settings.js";
export { type Frames, logMel } from "./audio/mel-spectrogram.js";
export { addNoise, type NoiseOptions } from "./audio/noise.js";
export { addRoom, type RoomOptions } from "./audio/room.js";
export { slaneyMel } from "./audio/slaney-mel.js";
export { specAugment } from "./audio/spec-augment.js";
export { changeSpeed } from "./audio/speed.js";
export { type Spectrogram, Stft, type StftSettings } from "./audio/stft.js";
export {
  ChatError,
  type ChatMessage,
  chatMl,
  chatMlTokens,
  chatTemplate,
} from "./chat/chat-template.js";
export { chatTokens, cutAtTurn } from "./chat/chat-tokens.js";
export { DenoisingError } from "./denoising/errors.js";
export { type LocalShuffleOptions, localShuffle } from "./denoising/local-shuffle.js";
export { type SpanCorruptionOptions, spanCorruption } from "./denoising/span-corruption.js";
export { type TextInfillingOptions, textInfilling } from "./denoising/text-infilling.js";
export { augmentBoxed, type BoxAugmentOptions } from "./detection/augment.js";
export type { BoxedImage } from "./detection/boxed-image.js";
export { pasteAndLocate } from "./detection/paste.js";
export { type CellGrid, type CellTargets, denseTargets } from "./detection/targets.js";
export { LocalisationError } from "./localisation/errors.js";
export { type GlossaryTerm, missingTerms, readGlossary, termsIn } from "./localisation/glossary.js";
export { arbFormat, jsonFormat } from "./localisation/json.js";
export { jsonLinesFormat, linesFormat } from "./localisation/lines.js";
export { markdownFormat } from "./localisation/markdown.js";
export type { Message, MessageFormat, Translations } from "./localisation/message-format.js";
export { type MessageParts, messageParts } from "./localisation/message-parts.js";
export { checkPlaceholders, type PlaceholderCheck } from "./localisation/placeholders.js";
export { poFormat } from "./localisation/po.js";
export { type SourceHashes, sourceHashes, staleKeys } from "./localisation/stale-messages.js";
export {
  type Remembered,
  type TranslationMemory,
  translationMemory,
} from "./localisation/translation-memory.js";
export { xliffFormat } from "./localisation/xliff.js";
export type { MusicGrammar } from "./music/alphabet.js";
export { MusicWordsError } from "./music/errors.js";
export type { GridReport } from "./music/grid-report.js";
export { quantised } from "./music/quantise.js";
export { type RemiPiece, remiPiece } from "./music/remi.js";
export { RemiGrammar } from "./music/remi-grammar.js";
export { remiScore } from "./music/remi-score.js";
export { remiWords } from "./music/remi-words.js";
export { withBeats } from "./music/with-beats.js";
export { trainBpe } from "./tokenizer/bpe-trainer.js";
export { byteTokenizer } from "./tokenizer/byte-tokenizer.js";
export { trainCharacterTokenizer } from "./tokenizer/character-tokenizer.js";
export {
  type CtcVocabulary,
  ctcVocabulary,
  type Labels,
  readCtcVocabulary,
} from "./tokenizer/ctc-vocabulary.js";
export { loadTokenizer, saveTokenizer } from "./tokenizer/load-tokenizer.js";
export {
  type NormalisedTranscript,
  normaliseTranscript,
  type TranscriptLanguage,
} from "./tokenizer/normalise-transcript.js";
export { addSpecialTokens } from "./tokenizer/special-tokens.js";
export { encodeText, type Tokenizer, TokenizerError } from "./tokenizer/tokenizer.js";
