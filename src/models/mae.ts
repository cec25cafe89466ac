/**
 * The masked autoencoder (He et al. 2022): a vision transformer encodes the patches that it sees; a narrower one
 * decodes all of them, with one learned token in the place of every hidden patch. Parameters carry the names and
 * layouts of Hugging Face's `ViTMAEForPreTraining`; those of the encoder are a `vit`'s.
 * Departures: positions start as the paper's fixed sines and cosines, and are then trained; an image's vector is the
 * mean of its patches (the paper's code has it as `global_pool`), for no loss teaches the class token to sum it up.
 */
import { withGradient } from "../core/autodiff/custom.js";
import { known, type Size } from "../core/graph/size.js";
import type { Tensor } from "../core/graph/tensor.js";
import { add, minimum, mul, sub } from "../core/ops/elementwise.js";
import { gather } from "../core/ops/gather.js";
import { gemm } from "../core/ops/matmul.js";
import { reshape, sum, transpose } from "../core/ops/movement.js";
import { concat, slice } from "../core/ops/slice.js";
import { linearWithBias } from "../nn/linear.js";
import { type Init, normal, type Parameter, type Parameters } from "../nn/parameter.js";
import { patchify } from "../nn/patches.js";
import type { MaskedAutoencoder } from "./image-model.js";
import { arange, checkDivides } from "./shapes.js";
import { sinePositions } from "./sine-positions.js";
import { numPatches, type VitConfig, vit, vitEncoder, vitNames, vitSizes, withClassToken } from "./vit.js";
import { linearParameters, normParameters, vitLayer, vitLayerParameters, vitNorm } from "./vit-layer.js";

/** Sizes of a masked autoencoder: of its encoder, a vision transformer, and of its decoder. */
export interface MaskedAutoencoderConfig extends VitConfig {
  readonly decoderWidth: number;
  readonly decoderLayers: number;
  readonly decoderHeads: number;
  /** Default: four times the decoder's width. */
  readonly decoderMlpWidth?: number;
}

/** A masked autoencoder of these sizes. Throws `ModelError` where they do not go together. */
export function maskedAutoencoder(config: MaskedAutoencoderConfig): MaskedAutoencoder {
  const { channels, height, width, patchSize, embedWidth, decoderWidth, decoderHeads } = config;
  checkDivides("decoderWidth", decoderWidth, "decoderHeads", decoderHeads);
  const encoder = vit({ ...config, pooling: "mean" }, positionsOf(config, embedWidth));
  return {
    channels,
    height,
    width,
    patchSize,
    numPatches: numPatches(config),
    encoder,
    parameters: [...encoder.parameters, ...decoderParameters(config)],
    predict(p, images, visible, places) {
      const [batch] = images.shape;
      const rows = rowsOf(visible, batch);
      const tokens = embedVisible(p, images, visible, rows);
      const seen = withClassToken(tokens, classTokenInPlace(p), batch);
      return decode(p, vitEncoder(p, seen, config, batch), rows, rowsOf(places, batch), config);
    },
    config: () => ({
      architectures: ["ViTMAEForPreTraining"],
      model_type: "vit_mae",
      ...vitSizes(config),
      decoder_hidden_size: decoderWidth,
      decoder_num_hidden_layers: config.decoderLayers,
      decoder_num_attention_heads: decoderHeads,
      decoder_intermediate_size: decoderMlpWidth(config),
    }),
  };
}

/** Where the patches `at`, int64 [b, k], lie among rows [n b]: int64 [k b], patch first. */
function rowsOf(at: Tensor, batch: Size): Tensor<"n"> {
  const rows = add(mul(transpose(at), known(batch)), arange(batch)); // k b
  return reshape(rows, [rows.size]);
}

/** The visible patches [k b, c] with their positions. Pixels are picked before the product, which then has fewer rows. */
function embedVisible(
  p: Parameters,
  images: Tensor<"b c h w">,
  visible: Tensor<"b k">,
  rows: Tensor<"n">,
): Tensor<"n c"> {
  const kernel = p(`${vitNames.projection}.weight`);
  const [embedWidth, channels, size] = kernel.shape.map(known);
  const pixels = gather<"n d">(patchify(images, size), rows);
  const weight = reshape(kernel, [embedWidth, channels * size * size]);
  const tokens = gemm(pixels, weight, { transB: true, c: p(`${vitNames.projection}.bias`) });
  const positions = gather(slice(positionRows(p, vitNames.positions), 0, 1), transpose(visible)); // k b c
  return add(tokens, reshape(positions, tokens.shape));
}

function classTokenInPlace(p: Parameters): Tensor {
  const classToken = p(vitNames.classToken);
  return add(classToken, slice(p(vitNames.positions), 1, 0, 1));
}

/** [1, n, c] as [n, c]. */
function positionRows(p: Parameters, name: string): Tensor<"n c"> {
  return reshape(p(name), p(name).shape.slice(1));
}

/** Pixels [b, n, d] of all patches from the encoded class token and visible patches [(1 + k) b, c]. */
function decode(
  p: Parameters,
  encoded: Tensor<"n c">,
  visible: Tensor<"n">,
  places: Tensor<"n">,
  { decoderLayers, decoderHeads, decoderWidth, ...config }: MaskedAutoencoderConfig,
): Tensor<"b n d"> {
  const count = numPatches({ ...config, embedWidth: decoderWidth });
  const batch = known(places.shape[0]) / count;
  const embedded = linearWithBias(p, encoded, "decoder.decoder_embed");
  const all = unshuffle(slice(embedded, 0, batch), p("decoder.mask_token"), visible, places);
  const tokens = reshape(concat([slice(embedded, 0, 0, batch), all], 0), [1 + count, batch, decoderWidth]);
  const positions = reshape(p("decoder.decoder_pos_embed"), [1 + count, 1, decoderWidth]);
  let x: Tensor<"n c"> = reshape(add(tokens, positions), [(1 + count) * batch, decoderWidth]);
  for (let layer = 0; layer < decoderLayers; layer++) {
    const name = `decoder.decoder_layers.${layer}`;
    x = p.eachLayer(() => vitLayer(p, x, name, { numHeads: decoderHeads, batch }));
  }
  const patches = vitNorm(p, slice(x, 0, batch), "decoder.decoder_norm");
  const pixels = linearWithBias(p, patches, "decoder.decoder_pred");
  return transpose(reshape(pixels, [count, batch, pixels.shape[1]]), [1, 0, 2]);
}

/**
 * Rows [n b, c] of all patches in order, from those of the visible ones [k b, c] and the token of the hidden ones.
 * As every visible row is read once, by the patch that it came from, its gradient is a gather too: many times
 * faster than adding at indices.
 */
function unshuffle(
  rows: Tensor<"n c">,
  maskToken: Tensor,
  visible: Tensor<"n">,
  places: Tensor<"n">,
): Tensor<"n c"> {
  const [shown, width] = rows.shape;
  const token = reshape(maskToken, [1, width]);
  const all = gather<"n c">(concat([rows, token], 0), minimum(places, known(shown)));
  return withGradient(all, [rows, maskToken], (dy) => {
    const dRows = gather(dy, visible);
    return [dRows, reshape(sub(sum(dy, [0]), sum(dRows, [0])), maskToken.shape)];
  });
}

function positionsOf({ height, width, patchSize }: VitConfig, embedWidth: number): Init {
  return { kind: "values", values: sinePositions(height / patchSize, width / patchSize, embedWidth) };
}

function decoderMlpWidth({ decoderWidth, decoderMlpWidth = 4 * decoderWidth }: MaskedAutoencoderConfig) {
  return decoderMlpWidth;
}

function decoderParameters(config: MaskedAutoencoderConfig): Parameter[] {
  const { channels, patchSize, embedWidth, decoderWidth, decoderLayers } = config;
  const mlpWidth = decoderMlpWidth(config);
  return [
    { name: "decoder.mask_token", shape: [1, 1, decoderWidth], role: "vector", init: normal(0.02) },
    {
      name: "decoder.decoder_pos_embed",
      shape: [1, numPatches(config) + 1, decoderWidth],
      role: "vector",
      init: positionsOf(config, decoderWidth),
    },
    ...linearParameters("decoder.decoder_embed", embedWidth, decoderWidth),
    ...Array.from({ length: decoderLayers }, (_, layer) =>
      vitLayerParameters(`decoder.decoder_layers.${layer}`, decoderWidth, mlpWidth),
    ).flat(),
    ...normParameters("decoder.decoder_norm", decoderWidth),
    ...linearParameters("decoder.decoder_pred", decoderWidth, patchSize * patchSize * channels),
  ];
}
