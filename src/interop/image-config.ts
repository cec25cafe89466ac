/** `config.json` to a model of images. */
import { z } from "zod";
import { contrastive, type ProjectedEncoder } from "../models/contrastive.js";
import type { Detector } from "../models/detector.js";
import { dit } from "../models/dit.js";
import { imageClassifier } from "../models/image-classifier.js";
import type { Denoiser, ImageClassifier, ImageEncoder, MaskedAutoencoder } from "../models/image-model.js";
import { maskedAutoencoder } from "../models/mae.js";
import { resnet } from "../models/resnet.js";
import { unet } from "../models/unet.js";
import { vit } from "../models/vit.js";
import { detectorFromConfig } from "./detector-config.js";
import { CheckpointError } from "./errors.js";
import { fieldsOf, type JsonObject } from "./folder-files.js";
import { count, image, labels, vitConfig, vitOf } from "./image-fields.js";

/** A model of images and what it is for. */
export type ImageModelKind =
  | { readonly kind: "denoiser"; readonly model: Denoiser }
  | { readonly kind: "classifier"; readonly model: ImageClassifier }
  | { readonly kind: "maskedAutoencoder"; readonly model: MaskedAutoencoder }
  | { readonly kind: "contrastive"; readonly model: ProjectedEncoder }
  | { readonly kind: "detector"; readonly model: Detector };

/** Of a diffusion transformer. */
export const ditConfig = z.object({
  num_channels: count,
  image_height: count,
  image_width: count,
  patch_size: z.union([count, z.tuple([count, count])]),
  hidden_size: count,
  num_hidden_layers: count,
  num_attention_heads: count,
  num_classes: z.int().nonnegative(),
  num_speakers: z.int().nonnegative().optional(),
});
const unetConfig = z.object({
  ...image,
  patch_size: count.default(1),
  base_width: count,
  width_multipliers: z.array(count).min(1),
  blocks_per_level: count,
  attention_at: z.array(count),
  num_classes: z.int().nonnegative(),
  groups: count,
});
/** Of a residual network. */
export const resnetConfig = z.object({
  ...image,
  patch_size: count.default(1),
  base_width: count,
  blocks_per_stage: z.array(count).min(1),
  groups: count,
});
const maeConfig = z.object({
  ...vitConfig.shape,
  decoder_hidden_size: count,
  decoder_num_hidden_layers: count,
  decoder_num_attention_heads: count,
  decoder_intermediate_size: count,
});
const projection = z.object({ projection_hidden_dim: count, projection_dim: count });

/** What `model_type` each is read as. */
const readers: Record<string, (config: JsonObject, source: string) => ImageModelKind> = {
  autodidact_dit: (config, source) => ({
    kind: "denoiser",
    model: ditOf(fieldsOf(ditConfig, config, source)),
  }),
  autodidact_unet: (config, source) => ({
    kind: "denoiser",
    model: unetOf(fieldsOf(unetConfig, config, source)),
  }),
  autodidact_resnet: (config, source) =>
    overEncoder(resnetOf(fieldsOf(resnetConfig, config, source)), config, source),
  vit: vitOver,
  autodidact_vit: vitOver,
  vit_mae: (config, source) => ({
    kind: "maskedAutoencoder",
    model: maeOf(fieldsOf(maeConfig, config, source)),
  }),
  autodidact_dense_detector: detectorOver,
  yolos: detectorOver, // what clients take one for; see `exportImageOnnx`
};

/** Whether a `config.json` is that of a model of images. */
export function isImageConfig({ model_type }: JsonObject): boolean {
  return typeof model_type === "string" && Object.hasOwn(readers, model_type);
}

/** Builds the model that a config describes. Throws `CheckpointError` naming the field. */
export function imageModelFromConfig(config: JsonObject, source: string): ImageModelKind {
  if (isImageConfig(config)) return readers[config.model_type as string](config, source);
  throw new CheckpointError(
    "the model is not one of images",
    `model_type ${JSON.stringify(config.model_type)} in ${source}`,
    `these can be opened: ${Object.keys(readers).join(", ")}`,
  );
}

function detectorOver(config: JsonObject, source: string): ImageModelKind {
  return { kind: "detector", model: detectorFromConfig(config, source) };
}

function vitOver(config: JsonObject, source: string): ImageModelKind {
  return overEncoder(vit(vitOf(fieldsOf(vitConfig, config, source))), config, source);
}

/** An encoder's projection or classifier, by what the config has. */
function overEncoder(encoder: ImageEncoder, config: JsonObject, source: string): ImageModelKind {
  if (Object.hasOwn(config, "projection_dim")) {
    const { projection_hidden_dim, projection_dim } = fieldsOf(projection, config, source);
    const widths = { hiddenWidth: projection_hidden_dim, projectionWidth: projection_dim };
    return { kind: "contrastive", model: contrastive(encoder, widths) };
  }
  const { id2label } = fieldsOf(labels, config, source);
  return { kind: "classifier", model: imageClassifier(encoder, Object.keys(id2label).length) };
}

/** The model of a config. */
export const ditOf = (fields: z.output<typeof ditConfig>) =>
  dit({
    channels: fields.num_channels,
    height: fields.image_height,
    width: fields.image_width,
    patchSize: fields.patch_size,
    embedWidth: fields.hidden_size,
    numLayers: fields.num_hidden_layers,
    numHeads: fields.num_attention_heads,
    numClasses: fields.num_classes,
    numSpeakers: fields.num_speakers,
  });

const unetOf = (fields: z.output<typeof unetConfig>) =>
  unet({
    channels: fields.channels,
    height: fields.height,
    width: fields.width,
    patchSize: fields.patch_size,
    baseWidth: fields.base_width,
    widthMultipliers: fields.width_multipliers,
    blocksPerLevel: fields.blocks_per_level,
    attentionAt: fields.attention_at,
    numClasses: fields.num_classes,
    groups: fields.groups,
  });

/** The model of a config. */
export const resnetOf = (fields: z.output<typeof resnetConfig>) =>
  resnet({
    channels: fields.channels,
    height: fields.height,
    width: fields.width,
    patchSize: fields.patch_size,
    baseWidth: fields.base_width,
    blocksPerStage: fields.blocks_per_stage,
    groups: fields.groups,
  });

const maeOf = (fields: z.output<typeof maeConfig>) =>
  maskedAutoencoder({
    ...vitOf(fields),
    decoderWidth: fields.decoder_hidden_size,
    decoderLayers: fields.decoder_num_hidden_layers,
    decoderHeads: fields.decoder_num_attention_heads,
    decoderMlpWidth: fields.decoder_intermediate_size,
  });

/** The encoder inside, by whose vectors images are compared. A denoiser has none, and a detector's gives no such vector. */
export function encoderOf(opened: ImageModelKind): ImageEncoder | undefined {
  return opened.kind === "denoiser" || opened.kind === "detector" ? undefined : opened.model.encoder;
}
