/** Loops inside a graph: recurrences whose steps are many and small. */
import { defineOp } from "../graph/op.js";
import { applyAll, formatType, input, ShapeError, type Tensor, type TensorType } from "../graph/tensor.js";

/** What a step makes: the states that the next one finds, and what is kept of this one. */
export interface ScanStep {
  readonly states: readonly Tensor[];
  readonly kept: readonly Tensor[];
}

/** What a loop begins with and what its steps read. */
export interface ScanInputs {
  readonly states: readonly Tensor[];
  /** Each step reads the next index of their first axis, which all have at one length. */
  readonly sequences: readonly Tensor[];
  /** What every step reads whole. */
  readonly fixed?: readonly Tensor[];
}

/**
 * Runs `step` once for each index of the sequences' first axis. Gives the states after the last step, and of each
 * thing kept all steps, stacked along a new first axis. It has no gradient of its own: see `withGradient`. A step
 * reads no tensor of the graph around but through its arguments. Throws `ShapeError` when a state changes its type.
 * [Scan-23]
 */
export function scan(
  step: (states: readonly Tensor[], slices: readonly Tensor[], fixed: readonly Tensor[]) => ScanStep,
  { states, sequences, fixed = [] }: ScanInputs,
): ScanStep {
  const named = (name: string) => (type: TensorType, i: number) =>
    input(`${name}_${i}`, type.dtype, type.shape);
  const ofStep = sequences.map(({ dtype, shape }) => ({ dtype, shape: shape.slice(1) }));
  const inside = [states.map(named("state")), ofStep.map(named("slice")), fixed.map(named("fixed"))];
  const [own, slices, around] = inside;
  const next = step(own, slices, around);
  const body = { own, slices, around, next, toJSON: () => own[0].node.id };
  const outputs = applyAll(Scan, [...states, ...sequences, ...fixed], { body } satisfies ScanAttrs);
  return { states: outputs.slice(0, states.length), kept: outputs.slice(states.length) };
}

interface ScanAttrs {
  readonly body: {
    readonly own: readonly Tensor[];
    readonly slices: readonly Tensor[];
    readonly around: readonly Tensor[];
    readonly next: ScanStep;
    /** For comparing: a body is equal to itself alone. */
    toJSON(): number;
  };
}

/** Stands in no table: its body is a graph, which no sample of numbers holds. */
const Scan = defineOp<ScanAttrs>({
  onnx: "Scan",
  type(inputs, { body: { own, slices, next } }) {
    own.forEach((before, i) => {
      const [from, to] = [formatType(before), formatType(next.states[i])];
      if (from !== to) throw new ShapeError("a loop's state changes its type", `${from} to ${to}`, "keep it");
    });
    const lengths = inputs.slice(own.length, own.length + slices.length).map(({ shape }) => shape[0]);
    if (new Set(lengths).size !== 1) {
      throw new ShapeError(
        "a loop's sequences are not of one length",
        lengths.join(", ") || "no sequence",
        "give one or more sequences with equal first axes",
      );
    }
    const kept = next.kept.map(({ dtype, shape }) => ({ dtype, shape: [lengths[0], ...shape] }));
    return [...own.map(({ dtype, shape }) => ({ dtype, shape })), ...kept];
  },
  lower(emit, inputs, { body: { own, slices, around, next } }, { types }) {
    const asked = own.length + slices.length;
    const outer = new Map(around.map((x, i) => [x, inputs[asked + i]]));
    const body = emit.graph([...own, ...slices], [...next.states, ...next.kept], outer);
    const attributes = { body, num_scan_inputs: slices.length };
    return emit.node("Scan", inputs.slice(0, asked), attributes, types.length);
  },
  variadic: true,
  samples: [],
});
