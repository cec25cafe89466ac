import { expect, it } from "vitest";
import { evaluate } from "../../test/evaluate.js";
import { input, named } from "../core/graph/tensor.js";
import { reshape } from "../core/ops/movement.js";
import { lookUp } from "../nn/parameter.js";
import type { ImageClassifier } from "./image-model.js";
import { mirroredClassifier } from "./mirrored-classifier.js";

it("gives the means of the scores of an image and of its mirror image", async () => {
  // Its scores are the pixels themselves, so that their places can be told.
  const pixels: ImageClassifier = {
    channels: 1,
    height: 2,
    width: 3,
    numClasses: 6,
    parameters: [],
    encoder: undefined as never,
    logits: (_p, images) => named("b k", reshape(images, [images.shape[0], 6])),
    config: () => ({}),
  };
  const images = input<"b c h w">("images", "float32", [2, 1, 2, 3]);
  const scores = mirroredClassifier(pixels).logits(lookUp(new Map()), images);
  const { y } = await evaluate({ y: scores }, { images: [0, 2, 6, 1, 1, 3, 5, 5, 7, 0, 8, 2] });
  expect([...y]).toEqual([3, 2, 3, 2, 1, 2, 6, 5, 6, 1, 8, 1]);
});
