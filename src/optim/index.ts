/**
 * 5 gradient descent: optimizers, their schedules, and updates in place.
 *
 * @module autodidact/optim
 */

export { type AdamWOptions, adamw } from "./adamw.js";
export { type Layout, layOut, parameterTensors } from "./layout.js";
export { type MuonOptions, muon } from "./muon.js";
export { type Optimizer, OptimizerError, type ParameterGroup, type UpdateRule } from "./optimizer.js";
export { type Schedule, scheduleFactor } from "./schedule.js";
export { type SgdOptions, sgd } from "./sgd.js";
export { type CompiledOptimizer, compileOptimizer } from "./update.js";
