/** What the networks of the benchmark are and learn: each as bench/pytorch_images.py has it. */
import { dit } from "../../../models/dit.js";
import { imageClassifier } from "../../../models/image-classifier.js";
import type { ImageModel } from "../../../models/image-model.js";
import { maskedAutoencoder } from "../../../models/mae.js";
import { resnet } from "../../../models/resnet.js";
import { unet } from "../../../models/unet.js";
import { vit } from "../../../models/vit.js";
import { crossEntropy } from "../../../objectives/cross-entropy.js";
import { flowMatching } from "../../../objectives/flow-matching.js";
import type { ImageBatchShape, ImageObjective } from "../../../objectives/image-objective.js";
import { maskedPatches } from "../../../objectives/masked-patches.js";
import { imageTask, type Task } from "../../../objectives/task.js";
import { type BenchNetwork, headWidth, numClasses, patchSize } from "./networks.js";

const groups = 8;

export interface NetworkTask {
  readonly task: Task;
  readonly shape: ImageBatchShape;
  readonly complete: ImageObjective<never>["complete"];
}

/** A network of these sizes with its objective. Throws `ModelError` when they do not go together. */
export function networkTask(network: Omit<BenchNetwork, "name" | "steps">): NetworkTask {
  const { kind, batchSize, channels, size, width, blocks } = network;
  const image = { channels, height: size, width: size };
  const shape = { ...image, batchSize };
  const transformer = {
    ...{ ...image, patchSize, embedWidth: width, numLayers: blocks },
    ...{ numHeads: width / headWidth, mlpWidth: 4 * width },
  };
  const learning = <Model extends ImageModel>(model: Model, objective: ImageObjective<Model>) => ({
    task: imageTask(model, shape, objective),
    shape,
    complete: objective.complete,
  });
  const flow = flowMatching({ time: "uniform", classDropout: 0.1, numClasses });
  const classes = crossEntropy({ numClasses });
  switch (kind) {
    case "dit":
      return learning(dit({ ...transformer, numClasses }), flow);
    case "vit":
      return learning(imageClassifier(vit(transformer), numClasses), classes);
    case "mae": {
      const narrow = width / 2;
      const decoder = { decoderWidth: narrow, decoderLayers: 2, decoderHeads: narrow / headWidth };
      return learning(maskedAutoencoder({ ...transformer, ...decoder }), maskedPatches({ patchSize }));
    }
    case "unet": {
      const levels = { baseWidth: width, widthMultipliers: [1, 2, 2], blocksPerLevel: blocks };
      return learning(unet({ ...image, ...levels, attentionAt: [size / 4], numClasses, groups }), flow);
    }
    case "resnet": {
      const encoder = resnet({ ...image, baseWidth: width, blocksPerStage: Array(3).fill(blocks), groups });
      return learning(imageClassifier(encoder, numClasses), classes);
    }
  }
}
