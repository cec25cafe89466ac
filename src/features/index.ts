/**
 * 2 features: tokenizers and chat templates; mel bands of sound and the vocabularies of its transcripts.
 *
 * @module autodidact/features
 */

export { AudioFeatureError } from "./audio/errors.js";
export { type SpeechFeatures, speechFeatures } from "./audio/feature-extractor.js";
export { kaldiMel, type MelSpectrogram, slaneyMel, whisperMel } from "./audio/mel-settings.js";
export { type Frames, logMel } from "./audio/mel-spectrogram.js";
export { addNoise, type NoiseOptions } from "./audio/noise.js";
export { addRoom, type RoomOptions } from "./audio/room.js";
export { specAugment } from "./audio/spec-augment.js";
export { changeSpeed } from "./audio/speed.js";
export {
  ChatError,
  type ChatMessage,
  chatMl,
  chatMlTokens,
  chatTemplate,
} from "./chat/chat-template.js";
export { chatTokens, cutAtTurn } from "./chat/chat-tokens.js";
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
export { type Tokenizer, TokenizerError } from "./tokenizer/tokenizer.js";
