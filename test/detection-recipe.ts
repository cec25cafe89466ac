/** A recipe for a detector that learns `writeDrawnThings` in seconds. */
export const detectionRecipe = (path: string | undefined, change: Record<string, object> = {}) => ({
  data: { format: "detection", path, validationFraction: 0.25, ...change.data },
  features: { kind: "pixels", height: 48, width: 64, augment: { flip: true }, ...change.features },
  model: {
    ...{ kind: "featurePyramid", stemWidth: 8, stageWidths: [8, 16, 16], blocksPerStage: [1, 1, 1] },
    ...{ mapWidth: 16, towerLayers: 1, groups: 4 },
    ...change.model,
  },
  objective: { kind: "denseDetection", ...change.objective },
  optimizer: {
    ...{ kind: "adamw", lr: 5e-3, weightDecay: 0, averageDecay: 0.9 },
    schedule: { kind: "cosine", warmupSteps: 2, finalFactor: 0.05 },
  },
  training: {
    ...{ batchSize: 4, steps: 4, evaluateEvery: 2, checkpointEvery: 2, threads: 1 },
    ...change.training,
  },
});
