import { AutodidactError } from "../core/errors.js";
import type { Tensor } from "../core/graph/tensor.js";
import type { Parameter } from "../nn/parameter.js";

/** An optimizer's settings do not make sense, or a parameter belongs to no group. */
export class OptimizerError extends AutodidactError {}

/** What changes from step to step; scalars of the update graph. */
export interface StepScalars {
  /** Learning rate of this step, the schedule's factor included. */
  readonly lr: number;
  /** Steps taken, this one included: the first is 1. */
  readonly step: number;
  /** Factor on the gradient, from clipping and accumulation. */
  readonly gradientScale: number;
}

/**
 * One update rule, traced once. An elementwise rule sees vectors of any length; the others see all
 * parameters of one shape as [count, ...shape]. In both cases it gives the new parameter and moments.
 */
export interface UpdateRule {
  readonly moments: readonly string[];
  readonly elementwise: boolean;
  readonly scalars: readonly string[];
  /** Values of `scalars` at a step. */
  scalarValues(step: StepScalars): Record<string, number>;
  /** The graph of one update. */
  update(
    parameter: Tensor,
    gradient: Tensor,
    moments: Record<string, Tensor>,
    scalars: Record<string, Tensor>,
  ): { parameter: Tensor; moments: Record<string, Tensor> };
}

/** Parameters that are updated alike. */
export interface ParameterGroup {
  readonly name: string;
  /** Whether the group takes a parameter that no earlier group took. */
  selects(parameter: Parameter): boolean;
  readonly rule: UpdateRule;
  /** Base learning rate; a schedule multiplies it. */
  readonly lr: number;
}

/** Groups in order; a parameter belongs to the first that selects it. */
export interface Optimizer {
  readonly groups: readonly ParameterGroup[];
}

/** Throws `OptimizerError` for a decay of an average that would never forget, or grow. */
export function requireDecay(name: string, decay: number): void {
  if (decay >= 0 && decay < 1) return;
  throw new OptimizerError(
    "an optimizer's moving average does not settle",
    `${name} ${decay}`,
    "give a decay of 0 or more and less than 1, such as 0.9",
  );
}

/** Index of the parameter's group; throws `OptimizerError` when there is none. */
export function groupOf({ groups }: Optimizer, parameter: Parameter): number {
  const index = groups.findIndex((group) => group.selects(parameter));
  if (index >= 0) return index;
  throw new OptimizerError(
    "a parameter belongs to no group of the optimizer",
    `${parameter.name} (${parameter.role})`,
    "add a group that selects it",
  );
}
