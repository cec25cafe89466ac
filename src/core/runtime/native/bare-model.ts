/** Graphs of a node, written by hand: what asks the runtime itself, below all that traces. */
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type GraphProtoSchema, ModelProtoSchema } from "../../onnx/onnx_pb.js";

export type BareGraph = MessageInitShape<typeof GraphProtoSchema>;

/** An input or output of an element type (TensorProto.DataType) and any shape. */
export const ofType = (name: string, elemType: number) => ({
  name,
  type: { value: { case: "tensorType" as const, value: { elemType } } },
});

/** The graph as ONNX, of an operator set that every device has. */
export function bareModel(graph: BareGraph): Uint8Array<ArrayBuffer> {
  const model = create(ModelProtoSchema, {
    irVersion: 10n,
    opsetImport: [{ version: 21n }, { domain: "com.microsoft.nchwc", version: 1n }],
    graph: { name: "bare", ...graph },
  });
  return toBinary(ModelProtoSchema, model) as Uint8Array<ArrayBuffer>;
}
