import { create, toBinary } from "@bufbuild/protobuf";
import { type DType, dtypes, type TypedArray, typedArray } from "../graph/dtype.js";
import type { Emitter, Kernels, OnnxAttribute } from "../graph/op.js";
import { known, type Size, terms } from "../graph/size.js";
import {
  Constant,
  type ConstantAttrs,
  Input,
  type InputAttrs,
  type Node,
  ShapeError,
  type Tensor,
  type TensorType,
} from "../graph/tensor.js";
import { nodesOf } from "../graph/walk.js";
import { GraphProtoSchema, type ModelProto, ModelProtoSchema } from "./onnx_pb.js";
import { simplify } from "./passes.js";

/** ONNX operator set and file version that the written models use. */
const newestOpset = 23;
const irVersion = 10n;

/** A graph ready to run: ONNX bytes with the types of what goes in and comes out. */
export interface Lowered {
  readonly inputs: ReadonlyMap<string, TensorType>;
  readonly outputs: ReadonlyMap<string, TensorType>;
  readonly model: ModelProto;
  bytes(): Uint8Array<ArrayBuffer>;
}

/** Values of inputs by their names. */
export type InputValues = ReadonlyMap<string, { readonly data: TypedArray }>;

/**
 * Simplifies the graph of the named outputs and writes it as an ONNX model. An input that `values` has is
 * written with its value (not copied) instead of being asked for. For `kernels` it is written for this machine's
 * runtime alone, and with `early` outputs for its way through a graph, see `SessionOptions`.
 */
export function lower(
  outputs: Readonly<Record<string, Tensor>>,
  values: InputValues = new Map(),
  kernels: Kernels = {},
  early = false,
): Lowered {
  const names = Object.keys(outputs);
  const simplified = simplify(Object.values(outputs));
  const writer = new GraphWriter(kernels);
  const nodes = nodesOf(simplified);
  const inputs = inputsOf(nodes);
  for (const node of nodes) {
    if (node.op === Input) writer.addInput(node, values);
  }
  for (const name of values.keys()) inputs.delete(name);
  for (const node of nodes) writer.add(node);
  simplified.forEach((tensor, i) => {
    writer.addOutput(names[i], tensor);
  });
  if (early) writer.reverseLast();
  const model = create(ModelProtoSchema, {
    irVersion,
    producerName: "autodidact",
    opsetImport: [
      { domain: "", version: BigInt(kernels.opset ?? newestOpset) },
      { domain: "com.microsoft", version: 1n },
      ...(kernels.convolutionBlock ? [{ domain: "com.microsoft.nchwc", version: 1n }] : []),
    ],
    graph: { name: "autodidact", ...writer.finish() },
  });
  const types = simplified.map(({ dtype, shape }, i) => [names[i], { dtype, shape }] as const);
  return loweredOf(model, { inputs, outputs: new Map(types) });
}

/** A model with the types of what goes in and comes out. */
export function loweredOf(model: ModelProto, types: Pick<Lowered, "inputs" | "outputs">): Lowered {
  return { ...types, model, bytes: () => toBinary(ModelProtoSchema, model) as Uint8Array<ArrayBuffer> };
}

function inputsOf(nodes: readonly Node[]): Map<string, TensorType> {
  const inputs = new Map<string, TensorType>();
  for (const node of nodes) {
    if (node.op !== Input) continue;
    const { name } = node.attrs as InputAttrs;
    if (inputs.has(name)) {
      throw new ShapeError("two graph inputs have one name", name, "name every input differently");
    }
    inputs.set(name, node.types[0]);
  }
  return inputs;
}

/** Collects the protobuf parts of one graph. */
class GraphWriter implements Emitter {
  private readonly parts = {
    node: [] as { opType: string; domain: string; input: string[]; output: string[]; attribute: object[] }[],
    initializer: [] as object[],
    input: [] as object[],
    output: [] as { name: string }[],
  };
  private readonly values = new Map<Node, readonly string[]>();
  private readonly constants = new Map<string, string>();
  private readonly runtimeSizes = new Map<string, { input: string; axis: number }>();
  private readonly computed = new Set<string>();
  private readonly required = new Set<string>();
  private readonly readInside = new Set<string>();
  private readonly renamed = new Map<string, string>();
  private count = 0;

  /** Every name begins with `prefix`: a graph inside another must not have its names. */
  constructor(
    readonly kernels: Kernels,
    private readonly prefix = "",
  ) {}

  addInput(node: Node, values: InputValues): void {
    const { name: own, dtype, shape } = node.attrs as InputAttrs;
    const name = this.prefix + own;
    this.values.set(node, [name]);
    const value = values.get(name);
    if (value) {
      this.initializer(value.data, dtype, shape.map(known), name);
      return;
    }
    this.parts.input.push(valueInfo(name, node.types[0]));
    shape.forEach((size, axis) => {
      if (typeof size === "string" && !this.runtimeSizes.has(size)) {
        this.runtimeSizes.set(size, { input: name, axis });
      }
    });
  }

  add(node: Node): void {
    if (node.op === Input) return;
    if (node.op === Constant) {
      const { data, dtype, shape } = node.attrs as ConstantAttrs;
      this.values.set(node, [this.initializer(data, dtype, shape)]);
      return;
    }
    const inputs = node.inputs.map((x) => this.values.get(x.node)![x.output]);
    const { op, attrs } = node;
    const names = op.lower
      ? op.lower(this, inputs, attrs, node)
      : this.node(op.onnx, inputs, op.attributes?.(attrs), node.types.length, op.domain);
    this.values.set(node, names);
    if (op.variadic) for (const name of names) this.required.add(name);
  }

  /**
   * Gives a node's value the output's name; an input, a constant, a second name and a value that a graph inside reads
   * need an Identity.
   */
  addOutput(own: string, tensor: Tensor): void {
    const name = this.prefix + own;
    const value = this.values.get(tensor.node)![tensor.output];
    const isFree = this.computed.has(value) && !this.readInside.has(value);
    if (isFree && !this.renamed.has(value)) this.renamed.set(value, name);
    else
      this.parts.node.push({ opType: "Identity", domain: "", input: [value], output: [name], attribute: [] });
    this.parts.output.push(valueInfo(name, tensor));
  }

  finish(): typeof this.parts {
    const rename = (name: string) => this.renamed.get(name) ?? name;
    for (const node of this.parts.node) {
      node.input = node.input.map(rename);
      node.output = node.output.map(rename);
    }
    this.dropUnreadOutputs();
    return this.parts;
  }

  /**
   * Has each output computed as soon as it can be: ONNX Runtime goes through the nodes that nobody reads from the last
   * to the first, and computes what each needs.
   */
  reverseLast(): void {
    const { node: nodes } = this.parts;
    const read = new Set([...nodes.flatMap(({ input }) => input), ...this.readInside]);
    const isRead = ({ output }: { output: readonly string[] }) => output.some((name) => read.has(name));
    this.parts.node = [...nodes.filter(isRead), ...nodes.filter((node) => !isRead(node)).reverse()];
  }

  /** Outputs after the first are optional in ONNX: leaving out unread ones allows faster kernels. */
  private dropUnreadOutputs(): void {
    const { node: nodes, output } = this.parts;
    const named = output.map(({ name }) => name);
    const needed = [...named, ...this.required, ...this.readInside];
    const read = new Set([...nodes.flatMap((node) => node.input), ...needed]);
    for (const node of nodes) {
      const last = node.output.findLastIndex((name, k) => k === 0 || read.has(name));
      node.output.length = last + 1;
    }
  }

  node(
    opType: string,
    inputs: readonly string[],
    attributes: Record<string, OnnxAttribute> = {},
    outputs = 1,
    domain = "",
  ): string[] {
    const own = () => `${this.prefix}${opType.toLowerCase()}_${this.count++}`;
    const output = Array.from({ length: outputs }, own);
    const attribute = Object.entries(attributes).map(([name, value]) => attributeProto(name, value));
    this.parts.node.push({ opType, domain, input: [...inputs], output, attribute });
    for (const name of output) this.computed.add(name);
    return output;
  }

  graph(
    inputs: readonly Tensor[],
    outputs: readonly Tensor[],
    around: ReadonlyMap<Tensor, string>,
  ): OnnxAttribute {
    const name = `${this.prefix}graph_${this.count++}`;
    const inside = new GraphWriter(this.kernels, `${name}/`);
    for (const { node } of inputs) inside.addInput(node, new Map());
    for (const [{ node }, outer] of around) {
      inside.values.set(node, [outer]);
      this.readInside.add(outer);
    }
    const simplified = simplify(outputs);
    for (const node of nodesOf(simplified)) inside.add(node);
    simplified.forEach((tensor, i) => {
      inside.addOutput(`output_${i}`, tensor);
    });
    return { graph: create(GraphProtoSchema, { name, ...inside.finish() }) };
  }

  filled(value: number, dtype: DType, shape: readonly number[] = []): string {
    const values = Array<number>(shape.reduce((a, b) => a * b, 1)).fill(value);
    return this.shared(`${dtype} ${value} [${shape}]`, () =>
      this.initializer(typedArray(dtype, values), dtype, shape),
    );
  }

  sizes(sizes: readonly Size[]): string {
    return this.shared(`sizes ${sizes.join(",")}`, () => {
      if (sizes.every((s) => typeof s === "number")) {
        return this.initializer(typedArray("int64", sizes), "int64", [sizes.length]);
      }
      const parts = sizes.map((size) => this.runtimeSize(size));
      return this.node("Concat", parts, { axis: 0 })[0];
    });
  }

  /** A one-element int64 tensor with a size that is known when the graph runs. */
  private runtimeSize(size: Size): string {
    if (typeof size === "number") return this.sizes([size]);
    return this.shared(`size ${size}`, () => {
      const summands = terms(size).map(({ coefficient, names }) => {
        const factors = names.map((name) => this.namedSize(name));
        if (coefficient !== 1 || factors.length === 0) factors.push(this.sizes([coefficient]));
        return factors.reduce((a, b) => this.node("Mul", [a, b])[0]);
      });
      return summands.reduce((a, b) => this.node("Add", [a, b])[0]);
    });
  }

  private namedSize(name: string): string {
    return this.shared(`named ${name}`, () => {
      const source = this.runtimeSizes.get(name);
      if (!source) {
        throw new ShapeError("no input has this axis", name, "name the axis in an input's shape");
      }
      return this.node("Shape", [source.input], { start: source.axis, end: source.axis + 1 })[0];
    });
  }

  private shared(key: string, make: () => string): string {
    const before = this.constants.get(key);
    if (before !== undefined) return before;
    const name = make();
    this.constants.set(key, name);
    return name;
  }

  private initializer(
    data: TypedArray,
    dtype: DType,
    shape: readonly number[],
    name = `${this.prefix}constant_${this.count++}`,
  ): string {
    this.parts.initializer.push({
      name,
      dataType: dtypes[dtype].onnx,
      dims: shape.map(BigInt),
      rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    });
    return name;
  }
}

export function valueInfo(name: string, { dtype, shape }: TensorType): { name: string; type: object } {
  const dim = shape.map((size) => ({
    value:
      typeof size === "number"
        ? { case: "dimValue", value: BigInt(size) }
        : { case: "dimParam", value: size },
  }));
  const tensorType = { case: "tensorType", value: { elemType: dtypes[dtype].onnx, shape: { dim } } };
  return { name, type: { value: tensorType } };
}

/** AttributeProto.AttributeType: 1 float, 2 int, 3 string, 5 graph, 7 ints. */
function attributeProto(name: string, value: OnnxAttribute): object {
  if (typeof value === "number") return { name, type: 2, i: BigInt(value) };
  if (typeof value === "string") return { name, type: 3, s: new TextEncoder().encode(value) };
  if ("graph" in value) return { name, type: 5, g: value.graph };
  if ("float" in value) return { name, type: 1, f: value.float };
  return { name, type: 7, ints: value.map(BigInt) };
}
