/**
 * GPT-2 (Radford et al. 2019): learned positions, layer norm before each sub-layer, tanh GELU, head tied
 * to the token embedding. Exact; parameters carry the names and layouts of the Hugging Face checkpoint.
 * Departure: none in the function; dropout is left out.
 */
import type { Tensor } from "../core/graph/tensor.js";
import { add } from "../core/ops/elementwise.js";
import { gather } from "../core/ops/gather.js";
import { reshape, transpose } from "../core/ops/movement.js";
import { layerNorm } from "../core/ops/normalise.js";
import { split } from "../core/ops/slice.js";
import { geluTanh } from "../nn/activation.js";
import { causalAttention, causalMask } from "../nn/attention.js";
import { conv1d } from "../nn/linear.js";
import { filled, normal, type Parameter, type Parameters } from "../nn/parameter.js";
import type { Decoder } from "./decoder.js";
import { arange, checkDivides, flattenTokens } from "./shapes.js";

/** Sizes of a GPT-2. */
export interface Gpt2Config {
  readonly vocabSize: number;
  readonly contextLength: number;
  readonly numLayers: number;
  readonly numHeads: number;
  readonly width: number;
  /** Default 1e-5. */
  readonly layerNormEpsilon?: number;
}

/** A GPT-2 of these sizes. Throws `ModelError` when the heads do not divide the width. */
export function gpt2(config: Gpt2Config): Decoder {
  const { vocabSize, contextLength, numLayers, numHeads, width, layerNormEpsilon: epsilon = 1e-5 } = config;
  checkDivides("width", width, "numHeads", numHeads);
  const headWidth = width / numHeads;

  const norm = (p: Parameters, x: Tensor, name: string) =>
    layerNorm(x, p(`${name}.weight`), p(`${name}.bias`), epsilon);
  const feedForward = (p: Parameters, x: Tensor, h: string) =>
    conv1d(p, geluTanh(conv1d(p, norm(p, x, `${h}.ln_2`), `${h}.mlp.c_fc`)), `${h}.mlp.c_proj`);

  return {
    vocabSize,
    contextLength,
    numLayers,
    numHeads,
    kvHeads: numHeads,
    headWidth,
    parameters: parametersOf(config),

    hidden(p, ids, { packing } = {}) {
      const [batch, time] = ids.shape;
      const positions = packing ? transpose(packing.positions) : reshape(arange(time), [time, 1]);
      const tokens = gather(p("transformer.wte.weight"), transpose(ids)); // t b c
      const places = gather(p("transformer.wpe.weight"), positions); // t b c, or t 1 c
      const mask = causalMask(time, packing?.segments);
      let x: Tensor<"n c"> = flattenTokens(add(tokens, places));
      for (let layer = 0; layer < numLayers; layer++) {
        const h = `transformer.h.${layer}`;
        x = p.eachLayer(() => {
          const [q, k, v] = split(conv1d(p, norm(p, x, `${h}.ln_1`), `${h}.attn.c_attn`), 3, 1); // n c
          const mixed = causalAttention(q, k, v, { numHeads, batch, mask });
          const y = add(x, conv1d(p, mixed, `${h}.attn.c_proj`));
          return add(y, feedForward(p, y, h));
        });
      }
      return norm(p, x, "transformer.ln_f");
    },

    head: (p) => p("transformer.wte.weight"),

    decode(p, { ids, positions, attend }) {
      const scale = 1 / Math.sqrt(headWidth);
      let x = add(gather(p("transformer.wte.weight"), ids), gather(p("transformer.wpe.weight"), positions)); // b t c
      for (let layer = 0; layer < numLayers; layer++) {
        const h = `transformer.h.${layer}`;
        const projected = conv1d(p, norm(p, x, `${h}.ln_1`), `${h}.attn.c_attn`);
        const [queries, keys, values] = split(projected, 3, 2); // b t c
        const mixed = attend(layer, { queries, keys, values }, { scale });
        x = add(x, conv1d(p, mixed, `${h}.attn.c_proj`));
        x = add(x, feedForward(p, x, h));
      }
      return norm(p, x, "transformer.ln_f");
    },

    huggingFaceConfig: () => ({
      architectures: ["GPT2LMHeadModel"],
      model_type: "gpt2",
      activation_function: "gelu_new",
      vocab_size: vocabSize,
      n_positions: contextLength,
      n_ctx: contextLength,
      n_embd: width,
      n_layer: numLayers,
      n_head: numHeads,
      n_inner: null,
      layer_norm_epsilon: epsilon,
      resid_pdrop: 0,
      embd_pdrop: 0,
      attn_pdrop: 0,
      tie_word_embeddings: true,
      torch_dtype: "float32",
    }),
  };
}

/**
 * Normal with deviation 0.02; projections back into the residual stream are narrower by the square root of
 * their number, so that the stream's variance does not grow with depth (section 2.3 of the paper).
 */
function parametersOf({ vocabSize, contextLength, numLayers, width }: Gpt2Config): Parameter[] {
  const std = 0.02;
  const residual = std / Math.sqrt(2 * numLayers);
  const matrix = (name: string, rows: number, columns: number, deviation: number): Parameter[] => [
    { name: `${name}.weight`, shape: [rows, columns], role: "matrix", init: normal(deviation), inputAxis: 0 },
    { name: `${name}.bias`, shape: [columns], role: "vector", init: filled(0) },
  ];
  const norm = (name: string): Parameter[] => [
    { name: `${name}.weight`, shape: [width], role: "vector", init: filled(1) },
    { name: `${name}.bias`, shape: [width], role: "vector", init: filled(0) },
  ];
  const block = (h: string) => [
    ...norm(`${h}.ln_1`),
    ...matrix(`${h}.attn.c_attn`, width, 3 * width, std),
    ...matrix(`${h}.attn.c_proj`, width, width, residual),
    ...norm(`${h}.ln_2`),
    ...matrix(`${h}.mlp.c_fc`, width, 4 * width, std),
    ...matrix(`${h}.mlp.c_proj`, 4 * width, width, residual),
  ];
  return [
    { name: "transformer.wte.weight", shape: [vocabSize, width], role: "embedding", init: normal(std) },
    { name: "transformer.wpe.weight", shape: [contextLength, width], role: "embedding", init: normal(std) },
    ...Array.from({ length: numLayers }, (_, layer) => block(`transformer.h.${layer}`)).flat(),
    ...norm("transformer.ln_f"),
  ];
}
