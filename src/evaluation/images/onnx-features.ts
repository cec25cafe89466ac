/** Features of a network that the user has as an ONNX file, such as Inception. */
import { fromBinary } from "@bufbuild/protobuf";
import { type ModelProto, ModelProtoSchema, type ValueInfoProto } from "../../core/onnx/onnx_pb.js";
import { hostTensor, type Runtime, type SessionOptions } from "../../core/runtime/session.js";
import type { ImageShape } from "../../data/images/image.js";
import { EvaluationError } from "../errors.js";
import type { FeatureExtractor } from "./features.js";
import { resizeBilinear } from "./resize.js";

export interface OnnxFeaturesOptions extends SessionOptions {
  /** The file's name: part of the name of every number made with it. */
  readonly source: string;
  /** Of the images that will come. */
  readonly shape: ImageShape;
  /** Which output has the features; default: the first. */
  readonly output?: string;
  /** Height and width that the network takes, where the file leaves them open. */
  readonly size?: number;
  /** The network takes values from 0 to 1 less `mean`, over `std`, a number a channel. Default: values from -1 to 1. */
  readonly normalise?: { readonly mean: readonly number[]; readonly std: readonly number[] };
}

/**
 * Images are resized bilinearly between pixel centres, without smoothing, as PyTorch's `interpolate` does; grey ones
 * become three equal channels. The file's one input is float32 [n, 3, h, w] or [n, h, w, 3]. Throws
 * `EvaluationError` for another file.
 */
export async function openOnnxFeatures(
  runtime: Runtime,
  bytes: Uint8Array<ArrayBuffer>,
  { source, shape, output, size, normalise, ...options }: OnnxFeaturesOptions,
): Promise<FeatureExtractor> {
  const model = parse(bytes, source);
  const layout = layoutOf(model, source, size);
  const name = chosenOutput(model, source, output);
  const session = await runtime.load(bytes, [name], options);
  const run = async (pixels: Float32Array, count: number) => {
    const { batch, height, width, channelsLast } = layout;
    const rows = batch ?? count;
    const fitted = new Float32Array(rows * 3 * height * width);
    fitted.set(prepared(pixels, count, shape, layout, normalise));
    const dims = channelsLast ? [rows, height, width, 3] : [rows, 3, height, width];
    const results = await session.run({ [layout.name]: hostTensor("float32", dims, fitted) });
    const data = results[name].data as Float32Array;
    return { data: data.subarray(0, (data.length / rows) * count), d: data.length / rows };
  };
  return {
    name: `features of ${source} (ONNX, output ${name})`,
    extract: (images) => inParts(images, shape, layout.batch, run),
    release: () => session.release(),
  };
}

type Run = (pixels: Float32Array, count: number) => Promise<{ data: Float32Array; d: number }>;

/** A file may fix how many images it takes at once. */
async function inParts(images: Float32Array, shape: ImageShape, batch: number | undefined, run: Run) {
  const size = shape.channels * shape.height * shape.width;
  const count = images.length / size;
  const most = batch ?? count;
  const parts: Float32Array[] = [];
  let d = 0;
  for (let first = 0; first < count; first += most) {
    const rows = Math.min(most, count - first);
    const part = await run(images.subarray(first * size, (first + rows) * size), rows);
    parts.push(part.data);
    d = part.d;
  }
  const data = new Float32Array(count * d);
  for (const [i, part] of parts.entries()) data.set(part, i * most * d);
  return { data, d };
}

interface PixelLayout {
  readonly name: string;
  /** Images at once, where the file fixes it. */
  readonly batch?: number;
  readonly height: number;
  readonly width: number;
  readonly channelsLast: boolean;
}

/** Images as the network takes them. */
function prepared(
  images: Float32Array,
  count: number,
  { channels, height, width }: ImageShape,
  layout: PixelLayout,
  normalise: OnnxFeaturesOptions["normalise"],
): Float32Array {
  const plane = layout.height * layout.width;
  const result = new Float32Array(count * 3 * plane);
  for (let i = 0; i < count * 3; i++) {
    const [image, channel] = [Math.floor(i / 3), i % 3];
    const from = image * channels + (channels === 1 ? 0 : channel);
    const source = images.subarray(from * height * width, (from + 1) * height * width);
    const values = resizeBilinear(source, { height, width }, layout);
    const [mean, std] = normalise ? [normalise.mean[channel], normalise.std[channel]] : [0.5, 0.5];
    const [start, stride] = layout.channelsLast ? [image * 3 * plane + channel, 3] : [i * plane, 1];
    for (let j = 0; j < plane; j++) result[start + j * stride] = ((values[j] + 1) / 2 - mean) / std;
  }
  return result;
}

function parse(bytes: Uint8Array, source: string): ModelProto {
  try {
    const model = fromBinary(ModelProtoSchema, bytes);
    if (model.graph && model.graph.input.length > 0) return model;
  } catch {
    // Said below.
  }
  throw new EvaluationError(
    "a file of features is not an ONNX model",
    `${source}, ${bytes.length} bytes`,
    "give an .onnx file that takes images and gives vectors",
  );
}

function layoutOf(model: ModelProto, source: string, size: number | undefined): PixelLayout {
  const values = new Set(model.graph!.initializer.map(({ name }) => name));
  const inputs = model.graph!.input.filter(({ name }) => !values.has(name));
  const dims = inputs.length === 1 ? dimsOf(inputs[0]) : [];
  const channelsLast = dims[1] !== 3;
  const [height, width] = channelsLast ? [dims[1], dims[2]] : [dims[2], dims[3]];
  const channels = channelsLast ? dims[3] : dims[1];
  const known = { height: height ?? size, width: width ?? size };
  if (dims.length === 4 && channels === 3 && known.height && known.width) {
    return { name: inputs[0].name, batch: dims[0], height: known.height, width: known.width, channelsLast };
  }
  throw new EvaluationError(
    "a network for features does not take images of a known size",
    `${source} takes ${inputs.map((v) => `${v.name} [${dimsOf(v).map((n) => n ?? "?")}]`).join(", ")}`,
    "give one with a single input [n, 3, h, w] or [n, h, w, 3]; where h and w are open, say the size",
  );
}

/** Lengths of axes, undefined where the file leaves them open. */
function dimsOf({ type }: ValueInfoProto): (number | undefined)[] {
  const tensor = type?.value.case === "tensorType" ? type.value.value : undefined;
  return (tensor?.shape?.dim ?? []).map(({ value }) =>
    value.case === "dimValue" && value.value > 0n ? Number(value.value) : undefined,
  );
}

function chosenOutput(model: ModelProto, source: string, output: string | undefined): string {
  const names = model.graph!.output.map(({ name }) => name);
  const chosen = output ?? names[0];
  if (names.includes(chosen)) return chosen;
  throw new EvaluationError(
    "a network for features has no such output",
    `${chosen} of ${source}, which has ${names.join(", ")}`,
    "choose one of those",
  );
}
