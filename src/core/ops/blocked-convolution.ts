/**
 * Convolutions in the layout of ONNX Runtime's direct CPU kernels ("NCHWc": channels in blocks that lie side by
 * side), which it uses by itself only where weights are constants. With the reordering before and after, measured
 * for 3x3 kernels on 16 to 128 channels: 0.6 to 0.9 of the time.
 */
import type { Emitter, Node } from "../graph/op.js";
import { known } from "../graph/size.js";

const domain = "com.microsoft.nchwc";

/** Writes a two-dimensional convolution in blocks; undefined where the runtime or the sizes do not allow it. */
export function blockedConvolution(
  emit: Emitter,
  [x, w, ...bias]: readonly string[],
  attributes: { readonly group: number },
  { inputs: [image, kernel] }: Node,
): string[] | undefined {
  const block = emit.kernels.convolutionBlock;
  if (!block || attributes.group > 1 || image.rank !== 4 || image.dtype !== "float32") return undefined;
  const [outputs, inputs, height, width] = kernel.shape.map(known);
  if (outputs % block > 0 || inputs % block > 0 || height * width === 1) return undefined;
  const apart = [outputs / block, block, inputs / block, block, height, width];
  const split = emit.node("Reshape", [w, emit.sizes(apart)]);
  const blocks = emit.node("Transpose", split, { perm: [0, 2, 4, 5, 3, 1] });
  const [weights] = emit.node("Reshape", [blocks[0], emit.sizes(kernel.shape)]);
  const [pixels] = emit.node("ReorderInput", [x], {}, 1, domain);
  const sizes = { ...attributes, kernel_shape: [height, width] };
  const y = emit.node("Conv", [pixels, weights, ...bias], sizes, 1, domain);
  return emit.node("ReorderOutput", y, { channels: outputs }, 1, domain);
}
