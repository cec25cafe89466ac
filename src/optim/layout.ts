import { type HostTensor, hostTensor } from "../core/runtime/session.js";
import type { Parameter } from "../nn/parameter.js";
import { groupOf, type Optimizer } from "./optimizer.js";

/** Where a parameter lies in the flat arrays. */
export interface Slot {
  readonly parameter: Parameter;
  /** In elements. */
  readonly offset: number;
  readonly size: number;
  readonly group: number;
}

/** A stretch of the flat arrays that one update covers. */
export interface Stretch {
  readonly group: number;
  readonly offset: number;
  readonly size: number;
  /** Shape of each parameter in it. Elementwise rules ignore it. */
  readonly shape: readonly number[];
}

/**
 * Every parameter's place in one flat array. Parameters of a group are neighbours, and in it those of one
 * shape, so that an update runs over few long stretches.
 */
export interface Layout {
  readonly slots: readonly Slot[];
  readonly size: number;
}

/** Gives every parameter its place in the flat arrays, those of one group and shape side by side. */
export function layOut(parameters: readonly Parameter[], optimizer: Optimizer): Layout {
  const keyed = parameters.map((parameter, order) => ({
    parameter,
    order,
    group: groupOf(optimizer, parameter),
  }));
  const shapeKey = (p: Parameter) => p.shape.join("x");
  const firstOfShape = new Map<string, number>();
  for (const { parameter, order } of keyed) {
    if (!firstOfShape.has(shapeKey(parameter))) firstOfShape.set(shapeKey(parameter), order);
  }
  const rank = (p: Parameter) => firstOfShape.get(shapeKey(p))!;
  keyed.sort((a, b) => a.group - b.group || rank(a.parameter) - rank(b.parameter) || a.order - b.order);
  let offset = 0;
  const slots = keyed.map(({ parameter, group }) => {
    const size = parameter.shape.reduce((a, b) => a * b, 1);
    offset += size;
    return { parameter, group, size, offset: offset - size };
  });
  return { slots, size: offset };
}

/** The stretches to update, one a group for elementwise rules, one a group and shape for the others. */
export function stretches({ slots }: Layout, { groups }: Optimizer): Stretch[] {
  const found: Stretch[] = [];
  for (const { parameter, offset, size, group } of slots) {
    const last = found.at(-1);
    const { elementwise } = groups[group].rule;
    const joins = last?.group === group && (elementwise || String(last.shape) === String(parameter.shape));
    if (joins) found[found.length - 1] = { ...last, size: last.size + size };
    else found.push({ group, offset, size, shape: parameter.shape });
  }
  return found;
}

/** The parameters as host tensors over `flat`, by name. */
export function parameterTensors({ slots }: Layout, flat: Float32Array): Map<string, HostTensor> {
  return new Map(
    slots.map(({ parameter: { name, shape }, offset, size }) => [
      name,
      hostTensor("float32", shape, flat.subarray(offset, offset + size)),
    ]),
  );
}
