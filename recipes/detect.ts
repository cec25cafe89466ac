/**
 * Finds things in pictures: a small convolutional network with a feature pyramid says of every 8 x 8 pixels what is
 * there and how far its sides are (FCOS). `--data.path` is a folder of pictures with boxes in COCO's, Pascal VOC's or
 * YOLO's form, or in a table; a hundred pictures are enough to begin with. `--model.from runs/detect-pretrain` starts
 * from what was learned without boxes.
 */
import { defineRecipe } from "autodidact";

export default defineRecipe({
  data: { format: "detection" },
  features: {
    kind: "pixels",
    augment: {
      mosaic: 0.3,
      copyPaste: 3,
      scale: { min: 0.6, max: 1.6 },
      flip: true,
      colorJitter: { brightness: 0.3, contrast: 0.3, saturation: 0.3, hue: 0.02, probability: 0.8 },
    },
  },
  model: {
    kind: "featurePyramid",
    stemWidth: 16,
    stageWidths: [32, 64, 128, 128],
    blocksPerStage: [1, 2, 2, 2],
  },
  objective: { kind: "denseDetection" },
  optimizer: {
    kind: "muon",
    lr: 5e-3,
    adamwLr: 3e-3,
    weightDecay: 0.05,
    averageDecay: 0.995,
    schedule: { kind: "cosine", warmupSteps: 100, finalFactor: 0.01 },
  },
  training: { batchSize: 8, steps: 3000, evaluateEvery: 250, checkpointEvery: 250 },
});
