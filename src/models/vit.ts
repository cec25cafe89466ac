/**
 * The vision transformer (Dosovitskiy et al. 2021): linear patches, a class token, learned positions, layer norm
 * before each sub-layer, exact GELU. Parameters carry the names and layouts of Hugging Face's
 * `ViTForImageClassification`, which has no pooling by the mean: such a model carries a type of its own. Departures:
 * none in the function; dropout is left out; layers start as in He et al. 2022 (Glorot's uniform) and not as Hugging
 * Face's (normal, 0.02).
 */
import type { Size } from "../core/graph/size.js";
import { named, type Tensor } from "../core/graph/tensor.js";
import { add } from "../core/ops/elementwise.js";
import { expand, reshape } from "../core/ops/movement.js";
import { mean } from "../core/ops/reduce.js";
import { concat, slice } from "../core/ops/slice.js";
import { filled, type Init, normal, type Parameter, type Parameters, uniform } from "../nn/parameter.js";
import { patchEmbedding } from "../nn/patches.js";
import type { ImageEncoder } from "./image-model.js";
import { checkDivides } from "./shapes.js";
import { layerNormEpsilon, normParameters, vitLayer, vitLayerParameters, vitNorm } from "./vit-layer.js";

/** Sizes of a vision transformer. */
export interface VitConfig {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Of a patch's side, in pixels. */
  readonly patchSize: number;
  readonly embedWidth: number;
  readonly numLayers: number;
  readonly numHeads: number;
  /** Of the hidden layer between the two linear ones. */
  readonly mlpWidth: number;
  /** What an image's vector is: the class token's (default), or the mean of the patches'. */
  readonly pooling?: Pooling;
}

export const poolings = ["class", "mean"] as const;
export type Pooling = (typeof poolings)[number];

export const vitNames = {
  classToken: "vit.embeddings.cls_token",
  positions: "vit.embeddings.position_embeddings",
  projection: "vit.embeddings.patch_embeddings.projection",
};

/** A vision transformer of these sizes. Throws `ModelError` when patches or heads do not divide theirs. */
export function vit(config: VitConfig, positions: Init = normal(0.02)): ImageEncoder {
  const { channels, height, width, embedWidth, pooling = "class" } = config;
  checkVit(config);
  return {
    channels,
    height,
    width,
    featureWidth: embedWidth,
    parameters: parametersOf(config, positions),
    features(p, images) {
      const [batch] = images.shape;
      // The class token's rows come first; where it is the vector, nothing else of the last layer is read.
      if (pooling === "class") return named("b c", vitTokens(p, images, config, batch));
      const tokens = vitTokens(p, images, config);
      const apart = reshape(tokens, [numPatches(config) + 1, batch, embedWidth]); // t b c
      return named("b c", mean(slice(apart, 0, 1), [0]));
    },
    config: () => ({
      ...(pooling === "class"
        ? { architectures: ["ViTForImageClassification"], model_type: "vit" }
        : { model_type: "autodidact_vit", pooling }),
      ...vitSizes(config),
    }),
  };
}

/** What all layers make of images: the class token's rows before the patches', [t b, c], or the first `rows` of them. */
export function vitTokens(
  p: Parameters,
  images: Tensor<"b c h w">,
  config: VitConfig,
  rows?: Size,
): Tensor<"n c"> {
  const [batch] = images.shape;
  const patches = patchEmbedding(p, images, vitNames.projection); // n c
  const tokens = withClassToken(patches, p(vitNames.classToken), batch);
  const [, count, embedWidth] = p(vitNames.positions).shape;
  const apart = reshape(tokens, [count, batch, embedWidth]);
  const placed = add(apart, reshape(p(vitNames.positions), [count, 1, embedWidth])); // t b c
  return vitEncoder(p, reshape(placed, tokens.shape), config, batch, rows);
}

export function numPatches({ height, width, patchSize }: VitConfig): number {
  return (height / patchSize) * (width / patchSize);
}

function checkVit({ height, width, patchSize, embedWidth, numHeads }: VitConfig): void {
  checkDivides("height", height, "patchSize", patchSize);
  checkDivides("width", width, "patchSize", patchSize);
  checkDivides("embedWidth", embedWidth, "numHeads", numHeads);
}

/** The class token [1, 1, c] of every image before its patches [p b, c]. */
export function withClassToken(patches: Tensor<"n c">, classToken: Tensor, batch: Size): Tensor<"n c"> {
  const first = expand(reshape(classToken, [1, patches.shape[1]]), [batch, patches.shape[1]]);
  return concat([first, patches], 0);
}

/** All layers and the last norm over tokens [t b, c]; of the result only the first `rows`, by default all. */
export function vitEncoder(
  p: Parameters,
  tokens: Tensor<"n c">,
  { numLayers, numHeads }: VitConfig,
  batch: Size,
  rows?: Size,
): Tensor<"n c"> {
  let x = tokens;
  for (let layer = 0; layer < numLayers; layer++) {
    const last = layer === numLayers - 1;
    const options = { numHeads, batch, rows: last ? rows : undefined };
    x = p.eachLayer(() => vitLayer(p, x, `vit.encoder.layer.${layer}`, options));
  }
  return vitNorm(p, x, "vit.layernorm");
}

/** What Hugging Face's configurations of a ViT and of a masked autoencoder have in common. */
export function vitSizes({ channels, height, width, patchSize, ...config }: VitConfig) {
  return {
    image_size: height === width ? height : [height, width],
    patch_size: patchSize,
    num_channels: channels,
    hidden_size: config.embedWidth,
    num_hidden_layers: config.numLayers,
    num_attention_heads: config.numHeads,
    intermediate_size: config.mlpWidth,
    hidden_act: "gelu",
    hidden_dropout_prob: 0,
    attention_probs_dropout_prob: 0,
    initializer_range: 0.02,
    layer_norm_eps: layerNormEpsilon,
    qkv_bias: true,
    torch_dtype: "float32",
  };
}

/** The projection is no matrix of a hidden layer but the input's embedding, and starts as the matrix it stands for. */
function parametersOf(config: VitConfig, positions: Init): Parameter[] {
  const { channels, patchSize, embedWidth, mlpWidth, numLayers } = config;
  const fan = embedWidth + channels * patchSize * patchSize;
  const kernel = [embedWidth, channels, patchSize, patchSize];
  return [
    { name: vitNames.classToken, shape: [1, 1, embedWidth], role: "vector", init: normal(0.02) },
    {
      name: vitNames.positions,
      shape: [1, numPatches(config) + 1, embedWidth],
      role: "vector",
      init: positions,
    },
    {
      name: `${vitNames.projection}.weight`,
      shape: kernel,
      role: "embedding",
      init: uniform(Math.sqrt(6 / fan)),
    },
    { name: `${vitNames.projection}.bias`, shape: [embedWidth], role: "vector", init: filled(0) },
    ...Array.from({ length: numLayers }, (_, layer) =>
      vitLayerParameters(`vit.encoder.layer.${layer}`, embedWidth, mlpWidth),
    ).flat(),
    ...normParameters("vit.layernorm", embedWidth),
  ];
}
