import { create } from "@bufbuild/protobuf";
import type { TensorType } from "../graph/tensor.js";
import { type Lowered, loweredOf, valueInfo } from "./lower.js";
import { type GraphProto, GraphProtoSchema } from "./onnx_pb.js";

/** AttributeProto.AttributeType */
const [int, graph] = [2, 5];

/**
 * A lowered graph run once for each row of some of its inputs, one after the other: these, and all outputs, have one
 * more axis in front, `rows`. Its other inputs are the same for every row. [Scan-23]
 */
export function overRows({ inputs, outputs, model }: Lowered, scanned: readonly string[]): Lowered {
  const inRows = ({ dtype, shape }: TensorType): TensorType => ({ dtype, shape: ["rows", ...shape] });
  const stacked = {
    inputs: new Map([...inputs].map(([name, type]) => [name, scanned.includes(name) ? inRows(type) : type])),
    outputs: new Map([...outputs].map(([name, type]) => [name, inRows(type)])),
  };
  const names = [...outputs.keys()];
  const node = {
    opType: "Scan",
    input: [...scanned],
    output: names,
    attribute: [
      { name: "body", type: graph, g: ofOneRow(model.graph!, scanned, names) },
      { name: "num_scan_inputs", type: int, i: BigInt(scanned.length) },
    ],
  };
  const infos = (types: ReadonlyMap<string, TensorType>) =>
    [...types].map(([name, type]) => valueInfo(name, type));
  const whole = { name: "rows", node: [node], input: infos(stacked.inputs), output: infos(stacked.outputs) };
  return loweredOf({ ...model, graph: create(GraphProtoSchema, whole) }, stacked);
}

/** The body: its scanned inputs in order, and no name that the graph around it has. */
function ofOneRow(body: GraphProto, scanned: readonly string[], outputs: readonly string[]): GraphProto {
  const renamed = new Set([...scanned, ...outputs]);
  const own = (name: string) => (renamed.has(name) ? `row of ${name}` : name);
  const infoOf = (name: string) => ({ ...body.input.find((info) => info.name === name)!, name: own(name) });
  return {
    ...body,
    node: body.node.map((node) => ({ ...node, input: node.input.map(own), output: node.output.map(own) })),
    input: scanned.map(infoOf),
    output: body.output.map((info) => ({ ...info, name: own(info.name) })),
  };
}
