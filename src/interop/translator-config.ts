/** `config.json` to a model that turns one sequence of tokens into another. */
import { z } from "zod";
import type { EncoderDecoder } from "../models/encoder-decoder.js";
import { t5 } from "../models/t5.js";
import { feedForwards } from "../models/t5-layer.js";
import { CheckpointError } from "./errors.js";
import { fieldsOf, type JsonObject } from "./folder-files.js";

const count = z
  .int()
  .positive()
  .max(2 ** 20);
const layers = count.max(10_000);

/** Defaults are Transformers'. What else a T5's config may hold does not change what it computes. */
const t5Config = z
  .object({
    is_encoder_decoder: z.literal(true).default(true),
    vocab_size: count.max(2 ** 24).default(32_128),
    d_model: count.default(512),
    d_kv: count.default(64),
    d_ff: count.default(2048),
    num_layers: layers.default(6),
    num_decoder_layers: layers.nullish(),
    num_heads: count.default(8),
    relative_attention_num_buckets: count.min(4).default(32),
    relative_attention_max_distance: count.default(128),
    layer_norm_epsilon: z.number().positive().default(1e-6),
    feed_forward_proj: z.enum(feedForwards).default("relu"),
    dense_act_fn: z.string().optional(),
    tie_word_embeddings: z.boolean().default(true),
    scale_decoder_outputs: z.boolean().optional(),
  })
  .refine((fields) => fields.relative_attention_max_distance > fields.relative_attention_num_buckets / 2, {
    path: ["relative_attention_max_distance"],
    message: "must be more than half of relative_attention_num_buckets",
  })
  .refine(
    ({ dense_act_fn: stated, feed_forward_proj: kind }) =>
      (stated ?? activations[kind]) === activations[kind],
    {
      path: ["dense_act_fn"],
      message: "must be what feed_forward_proj means",
    },
  );

/** What Transformers calls the activation of each network. */
const activations = { relu: "relu", "gated-gelu": "gelu_new" };

/** Builds the model that a config describes. Throws `CheckpointError` naming the field. */
export function translatorFromConfig(config: JsonObject, source: string): EncoderDecoder {
  if (config.model_type !== "t5") {
    throw new CheckpointError(
      "the model is not one that translates",
      `model_type ${JSON.stringify(config.model_type)} in ${source}`,
      "t5 models can be opened",
    );
  }
  const fields = fieldsOf(t5Config, config, source);
  return t5({
    vocabSize: fields.vocab_size,
    width: fields.d_model,
    numLayers: fields.num_layers,
    numDecoderLayers: fields.num_decoder_layers ?? fields.num_layers,
    numHeads: fields.num_heads,
    headWidth: fields.d_kv,
    hiddenWidth: fields.d_ff,
    feedForward: fields.feed_forward_proj,
    // Transformers 5 always writes that the head is tied; whether it is, the scale tells.
    tiedHead: fields.scale_decoder_outputs ?? fields.tie_word_embeddings,
    numBuckets: fields.relative_attention_num_buckets,
    maxDistance: fields.relative_attention_max_distance,
    rmsNormEpsilon: fields.layer_norm_epsilon,
  });
}
