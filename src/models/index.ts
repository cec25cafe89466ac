/**
 * 3 predict: the models, as functions that give their parameters and their forward pass.
 *
 * @module autodidact/models
 */

export { withBandPositions } from "./band-positions.js";
export { type CodePredictor, type CodePredictorConfig, codePredictor } from "./code-predictor.js";
export { type ConformerConfig, conformer } from "./conformer.js";
export { contrastive, type ProjectedEncoder, type ProjectionConfig } from "./contrastive.js";
export type { Attend, DecodeInputs, Decoder, Seen } from "./decoder.js";
export { type DenseHeadConfig, denseDetector } from "./dense-detector.js";
export type { CellEncoder, DetectionMaps, Detector } from "./detector.js";
export { type DitConfig, dit } from "./dit.js";
export type { EncoderDecoder, EncoderDecoderInputs, SourceTokens } from "./encoder-decoder.js";
export { type FeaturePyramidConfig, featurePyramid } from "./feature-pyramid.js";
export { type Gemma3Config, gemma3 } from "./gemma3.js";
export { type Gpt2Config, gpt2 } from "./gpt2.js";
export { imageClassifier } from "./image-classifier.js";
export type {
  Denoiser,
  ImageClassifier,
  ImageEncoder,
  ImageModel,
  MaskedAutoencoder,
} from "./image-model.js";
export { type LlamaConfig, llama } from "./llama.js";
export { type MaskedAutoencoderConfig, maskedAutoencoder } from "./mae.js";
export { mirroredClassifier } from "./mirrored-classifier.js";
export { type AttendingPast, attendBeside, attendWithin, type PastBeside } from "./past.js";
export { predictData } from "./predict-data.js";
export { type ResNetConfig, resnet } from "./resnet.js";
export { ModelError } from "./shapes.js";
export type { FrameMarks, SpeechEncoder, SpeechModel, SpeechRecogniser } from "./speech-encoder.js";
export { speechRecogniser } from "./speech-recogniser.js";
export { type T5Config, t5 } from "./t5.js";
export { type UNetConfig, unet } from "./unet.js";
export { type VitConfig, vit } from "./vit.js";
export { type VitCellsConfig, vitCells } from "./vit-cells.js";
export { type Vocoder, type VocoderConfig, vocoder } from "./vocoder.js";
