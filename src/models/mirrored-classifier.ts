import { constant } from "../core/graph/tensor.js";
import { add, mul } from "../core/ops/elementwise.js";
import { gather } from "../core/ops/gather.js";
import type { ImageClassifier } from "./image-model.js";

/**
 * The same classifier, whose scores are the means of those of an image and of its mirror image: at twice the cost it
 * tells more of what looks the same both ways (Krizhevsky et al. 2012, section 4.1, without the crops).
 */
export function mirroredClassifier(classifier: ImageClassifier): ImageClassifier {
  const { width } = classifier;
  const columns = Array.from({ length: width }, (_, x) => width - 1 - x);
  return {
    ...classifier,
    logits(p, images) {
      const mirrored = gather<"b c h w">(images, constant(columns, [width], "int64"), 3);
      return mul(add(classifier.logits(p, images), classifier.logits(p, mirrored)), 0.5);
    },
  };
}
