/**
 * 3 predict: the layers that models are made of.
 *
 * @module autodidact/nn
 */

export { geGlu, gelu, geluTanh, glu, silu, softplus, swiGlu } from "./activation.js";
export {
  type AttentionOptions,
  attend,
  cachedAttention,
  causalAttention,
  causalMask,
  type KeysAndValues,
  type SelfAttentionOptions,
  selfAttention,
  windowed,
} from "./attention.js";
export { attentionInPlace, fitsInPlace, type InPlaceOptions, type NewHeads } from "./attention-in-place.js";
export { conv2d, conv2dParameters, conv2dWithBias, conv2dWithBiasParameters } from "./conv2d.js";
export { type Dropout, dropoutFrom, dropoutRows } from "./dropout.js";
export { type FeedForwardLayers, feedForward } from "./feed-forward.js";
export { groupNorm, groupNormParameters } from "./group-norm.js";
export { conv1d, linear, linearWithBias } from "./linear.js";
export type { LoraConfig } from "./lora.js";
export { gatedAdd, modulatedNorm } from "./modulation.js";
export { rmsNorm } from "./norm.js";
export {
  type Adapt,
  filled,
  type Init,
  initialise,
  inputsFor,
  lookUp,
  normal,
  type Parameter,
  ParameterError,
  type Parameters,
  type Role,
  uniform,
} from "./parameter.js";
export { type PatchLayout, patchEmbedding, patchify, patchPositions, unpatchify } from "./patches.js";
export { bucketOf, type RelativeBuckets, relativeBias } from "./relative-bias.js";
export { type Llama3Scaling, type Rotary, type RotaryScaling, rotaryAngles } from "./rotary.js";
export { timeEmbedding, timeEmbeddingParameters } from "./time-embedding.js";
export { doubleSize } from "./upsample.js";
export type { Weights } from "./weights.js";
