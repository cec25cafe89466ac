/**
 * 6 iterate: the step, the loop, evaluation during training, and checkpoints.
 *
 * @module autodidact/training
 */

export { ResumeError } from "./checkpoint.js";
export { type Evaluation, evaluateLoss } from "./evaluate.js";
export { DivergenceError, iterate, type LoopOptions, type StepReport, type Summary } from "./loop.js";
export { findLearningRate } from "./lr-find.js";
export { type CompiledLoss, compileLoss, type Losses } from "./step.js";
export { createTrainer, type Trainer, type TrainerOptions } from "./trainer.js";
export { weightsOf } from "./weights.js";
