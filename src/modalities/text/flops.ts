import type { Decoder } from "../../models/decoder.js";

/**
 * Floating-point operations that one token of training takes, forward and backward: six a weight that
 * multiplies it, and twelve a layer, head channel and position of attention.
 * [Kaplan et al. 2020, section 2.1; PaLM, Chowdhery et al. 2022, appendix B]
 */
export function flopsPerToken(model: Decoder): number {
  const size = (role: string) =>
    model.parameters
      .filter((p) => p.role === role)
      .reduce((n, { shape }) => n + shape.reduce((a, b) => a * b, 1), 0);
  const matrices = size("matrix");
  // A tied head multiplies by the token embedding, the first of the embeddings.
  const head = size("head") || model.parameters[0].shape.reduce((a, b) => a * b, 1);
  return (
    6 * (matrices + head) + 12 * model.numLayers * model.numHeads * model.headWidth * model.contextLength
  );
}
