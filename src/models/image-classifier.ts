import { linearWithBias } from "../nn/linear.js";
import { filled, normal, type Parameter } from "../nn/parameter.js";
import type { ImageClassifier, ImageEncoder } from "./image-model.js";

/** A linear layer over an encoder's vector, named as in Hugging Face's `ViTForImageClassification`. */
export function imageClassifier(encoder: ImageEncoder, numClasses: number): ImageClassifier {
  const { channels, height, width, featureWidth } = encoder;
  const head: Parameter[] = [
    { name: "classifier.weight", shape: [numClasses, featureWidth], role: "head", init: normal(0.02) },
    { name: "classifier.bias", shape: [numClasses], role: "vector", init: filled(0) },
  ];
  return {
    channels,
    height,
    width,
    encoder,
    numClasses,
    parameters: [...encoder.parameters, ...head],
    logits: (p, images) => linearWithBias(p, encoder.features(p, images), "classifier"),
    config: () => ({ ...encoder.config(), ...labelsOf(numClasses) }),
  };
}

/** Hugging Face counts classes by their names; these are its own for classes that have none. */
export function labelsOf(numClasses: number) {
  const labels = Array.from({ length: numClasses }, (_, i) => `LABEL_${i}`);
  return {
    id2label: Object.fromEntries(labels.map((label, i) => [i, label])),
    label2id: Object.fromEntries(labels.map((label, i) => [label, i])),
  };
}
