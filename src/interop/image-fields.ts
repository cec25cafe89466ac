/** What configs of models of images have in common. */
import { z } from "zod";
import { poolings } from "../models/vit.js";

/** A number of things, or of pixels; a damaged file shall not ask for more memory than there is. */
export const count = z
  .int()
  .positive()
  .max(2 ** 20);
/** The shape of the images that a model reads. */
export const image = { channels: count.max(4), height: count.max(4096), width: count.max(4096) };

/** The names of the classes by their numbers, as Hugging Face has them. */
export const labels = z.object({ id2label: z.record(z.string(), z.string()) });

/** Hugging Face's `ViTConfig`, of which other values are another function; `pooling` is our own. */
export const vitConfig = z.object({
  image_size: z.union([count, z.tuple([count, count])]),
  patch_size: count,
  num_channels: count,
  hidden_size: count,
  num_hidden_layers: count,
  num_attention_heads: count,
  intermediate_size: count,
  hidden_act: z.literal("gelu"),
  layer_norm_eps: z.literal(1e-12),
  qkv_bias: z.literal(true),
  pooling: z.enum(poolings).default("class"),
});

/** The sizes of a vision transformer by its config. */
export const vitOf = (fields: z.output<typeof vitConfig>) => {
  const [height, width] = [fields.image_size, fields.image_size].flat().slice(0, 2);
  return {
    channels: fields.num_channels,
    height,
    width: width ?? height,
    patchSize: fields.patch_size,
    embedWidth: fields.hidden_size,
    numLayers: fields.num_hidden_layers,
    numHeads: fields.num_attention_heads,
    mlpWidth: fields.intermediate_size,
    pooling: fields.pooling,
  };
};
