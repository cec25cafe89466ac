/**
 * Model folders, adapters, ONNX and GGUF, and the Hugging Face Hub.
 *
 * @module autodidact/hub
 */

export { loadAdapter, mergeAdapter, type SavedAdapter, saveAdapter } from "./adapter.js";
export type { ClientForm } from "./client-onnx.js";
export { CheckpointError } from "./errors.js";
export { GgufError } from "./gguf/errors.js";
export { exportGguf } from "./gguf/export.js";
export { ggufFolder } from "./gguf/gguf-folder.js";
export type { GgufType } from "./gguf/tensor-types.js";
export { HubError, HubUnreachableError } from "./hub/errors.js";
export { fetchModel } from "./hub/fetch-model.js";
export type { FetchOptions, FetchProgress } from "./hub/from-hub.js";
export { openModelFolder } from "./hub/open-model-folder.js";
export { openImageModel, type SavedImageModel, saveImageModel } from "./image-folder.js";
export { exportImageOnnx } from "./image-onnx.js";
export { loadModel, locateModel, openModel, type SavedModel, saveModel } from "./model-folder.js";
export { exportOnnx, type OnnxExportOptions } from "./onnx-export.js";
export {
  openSoundModel,
  type SavedSoundModel,
  type SoundModelNotes,
  saveSoundModel,
} from "./sound-folder.js";
export {
  openSpeechModel,
  type SavedSpeechModel,
  type SpeechModelNotes,
  saveSpeechModel,
} from "./speech-folder.js";
export { exportSpeechOnnx } from "./speech-onnx.js";
export {
  type FrameTokens,
  openTranslator,
  type SavedTranslator,
  saveTranslator,
  type TranslationDefaults,
} from "./translator-folder.js";
export { exportTranslatorOnnx } from "./translator-onnx.js";
export {
  openVocoder,
  requireSameMel,
  type SavedVocoder,
  saveVocoder,
  type VocoderNotes,
} from "./vocoder-folder.js";
