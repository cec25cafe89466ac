/** What models of images have in common. Images are [b, c, h, w] with values from -1 to 1. */
import type { Tensor } from "../core/graph/tensor.js";
import type { Parameter, Parameters } from "../nn/parameter.js";

/** What all models of images share: the images' size and their own parameters. */
export interface ImageModel {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Every parameter once, in the order of the checkpoint. */
  readonly parameters: readonly Parameter[];
  /** What `config.json` says of it; `model_type` names the kind. */
  config(): Record<string, unknown>;
}

/** Predicts a field over noisy images: a velocity, or the noise. */
export interface Denoiser extends ImageModel {
  /** 0 for a model that knows no classes. */
  readonly numClasses: number;
  /**
   * The field [b, c, h, w] at noisy images `x`, times [b] from 0 (noise) to 1 (data) and classes, int64 [b];
   * the class `numClasses` is "none".
   */
  predict(p: Parameters, x: Tensor<"b c h w">, time: Tensor<"b">, labels: Tensor<"b">): Tensor<"b c h w">;
}

/** Gives one vector an image. */
export interface ImageEncoder extends ImageModel {
  /** Of the vector. */
  readonly featureWidth: number;
  /** One vector an image. */
  features(p: Parameters, images: Tensor<"b c h w">): Tensor<"b c">;
}

/** Tells classes apart: an encoder with a linear layer above. */
export interface ImageClassifier extends ImageModel {
  readonly encoder: ImageEncoder;
  readonly numClasses: number;
  /** A score a class, before the softmax. */
  logits(p: Parameters, images: Tensor<"b c h w">): Tensor<"b k">;
}

/** Predicts the patches it does not see. */
export interface MaskedAutoencoder extends ImageModel {
  readonly encoder: ImageEncoder;
  readonly patchSize: number;
  /** Patches an image. */
  readonly numPatches: number;
  /**
   * The pixels [b, n, patchSize * patchSize * c] of every patch, from the patches `visible`, int64 [b, k], alone.
   * `places`, int64 [b, n], says for each patch where it lies in the list of visible ones followed by hidden ones.
   */
  predict(
    p: Parameters,
    images: Tensor<"b c h w">,
    visible: Tensor<"b k">,
    places: Tensor<"b n">,
  ): Tensor<"b n d">;
}
