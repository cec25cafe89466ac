/**
 * The diffusion transformer (Peebles & Xie 2023) with adaptive layer norm whose gates start at zero (adaLN-Zero),
 * so that a fresh model predicts zero everywhere. Names and layouts of parameters are those of the paper's code.
 * Departures: no variance is predicted (the code's learn_sigma=False); time runs from 0, noise, to 1, data, and is
 * spread over 1000 steps; dropping classes is the objective's part.
 */
import type { Tensor } from "../core/graph/tensor.js";
import { add } from "../core/ops/elementwise.js";
import { gather } from "../core/ops/gather.js";
import { gemm } from "../core/ops/matmul.js";
import { reshape, transpose } from "../core/ops/movement.js";
import { split } from "../core/ops/slice.js";
import { geluTanh, silu } from "../nn/activation.js";
import { selfAttention } from "../nn/attention.js";
import { feedForward } from "../nn/feed-forward.js";
import { linearWithBias } from "../nn/linear.js";
import { gatedAdd, modulatedNorm } from "../nn/modulation.js";
import { filled, type Init, normal, type Parameter, type Parameters, uniform } from "../nn/parameter.js";
import { type PatchSize, patchEmbedding, patchPositions, sidesOf, unpatchify } from "../nn/patches.js";
import { timeEmbedding, timeEmbeddingParameters } from "../nn/time-embedding.js";
import type { Denoiser } from "./image-model.js";
import { checkDivides } from "./shapes.js";

/** Sizes of a diffusion transformer. */
export interface DitConfig {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly patchSize: PatchSize;
  readonly embedWidth: number;
  readonly numLayers: number;
  readonly numHeads: number;
  /** 0 for images without classes. */
  readonly numClasses: number;
  /**
   * Values of a second attribute, such as the speakers of sounds, learned beside the classes; default 0. A label is then
   * class * (numSpeakers + 1) + speaker, where the last class and the last speaker are "none".
   */
  readonly numSpeakers?: number;
}

/** A DiT of these sizes. Throws `ModelError` when patches, heads or positions do not divide theirs. */
export function dit(config: DitConfig): Denoiser {
  const { channels, height, width, patchSize, embedWidth, numLayers, numHeads } = config;
  const { numClasses, numSpeakers = 0 } = config;
  const [patchHeight, patchWidth] = sidesOf(patchSize);
  checkDit(config);

  const block = (p: Parameters, rows: Tensor<"n c">, condition: Tensor<"b c">, name: string) => {
    const modulation = linearWithBias(p, condition, `${name}.adaLN_modulation.1`);
    const [shift, scale, gate, mlpShift, mlpScale, mlpGate] = split(modulation, 6, 1); // b c
    const qkv = linearWithBias(p, modulatedNorm(rows, shift, scale), `${name}.attn.qkv`);
    const [q, k, v] = split(qkv, 3, 1); // n c
    const mixed = selfAttention(q, k, v, { numHeads, batch: condition.shape[0] });
    const seen = gatedAdd(rows, gate, linearWithBias(p, mixed, `${name}.attn.proj`));
    const mlp = { up: `${name}.mlp.fc1`, down: `${name}.mlp.fc2`, activation: geluTanh };
    return gatedAdd(seen, mlpGate, feedForward(p, modulatedNorm(seen, mlpShift, mlpScale), mlp));
  };

  return {
    channels,
    height,
    width,
    numClasses: (numClasses + 1) * (numSpeakers + 1) - 1,
    parameters: parametersOf(config),

    predict(p, x, time, labels) {
      const [batch] = x.shape;
      const classes = gather(labelTable(p, config), labels);
      const condition = silu(add(timeEmbedding(p, time, "t_embedder"), classes)) as Tensor<"b c">;
      const positions = patchPositions(height / patchHeight, width / patchWidth, embedWidth); // t 1 c
      const patches = patchEmbedding(p, x, "x_embedder.proj");
      const apart = reshape(patches, [positions.shape[0], batch, embedWidth]);
      let rows = reshape<"n c">(add(apart, positions), patches.shape);
      for (let layer = 0; layer < numLayers; layer++) {
        rows = p.eachLayer(() => block(p, rows, condition, `blocks.${layer}`));
      }
      const [shift, scale] = split(linearWithBias(p, condition, "final_layer.adaLN_modulation.1"), 2, 1);
      const pixels = toPixels(p, modulatedNorm(rows, shift, scale), channels);
      return unpatchify(pixels, { batch, channels, height, width, size: patchSize });
    },

    config: () => ({
      model_type: "autodidact_dit",
      num_channels: channels,
      image_height: height,
      image_width: width,
      patch_size: patchSize,
      hidden_size: embedWidth,
      num_hidden_layers: numLayers,
      num_attention_heads: numHeads,
      num_classes: numClasses,
      ...(numSpeakers > 0 ? { num_speakers: numSpeakers } : {}),
    }),
  };
}

/** A row for each label: its class's, with its speaker's added where there are speakers. */
function labelTable(p: Parameters, { numClasses, numSpeakers = 0, embedWidth }: DitConfig): Tensor<"k c"> {
  const classes = p("y_embedder.embedding_table.weight");
  if (numSpeakers === 0) return classes as Tensor<"k c">;
  const speakers = p("speaker_embedder.embedding_table.weight");
  const pairs = add(
    reshape(classes, [numClasses + 1, 1, embedWidth]),
    reshape(speakers, [1, numSpeakers + 1, embedWidth]),
  );
  return reshape(pairs, [(numClasses + 1) * (numSpeakers + 1), embedWidth]);
}

/** The last linear layer. The checkpoint's has the channels of a pixel side by side; `unpatchify` wants them apart. */
function toPixels(p: Parameters, rows: Tensor<"n c">, channels: number): Tensor<"n d"> {
  const channelsFirst = (x: Tensor) => {
    const apart = reshape(x, [-1, channels, ...x.shape.slice(1)]);
    return reshape(transpose(apart, [1, 0, 2].slice(0, apart.rank)), x.shape);
  };
  const weight = channelsFirst(p("final_layer.linear.weight"));
  return gemm(rows, weight, { transB: true, c: channelsFirst(p("final_layer.linear.bias")) });
}

function checkDit({ height, width, patchSize, embedWidth, numHeads }: DitConfig): void {
  const [down, across] = sidesOf(patchSize);
  checkDivides("height", height, "patchSize", down);
  checkDivides("width", width, "patchSize", across);
  checkDivides("embedWidth", embedWidth, "numHeads", numHeads);
  checkDivides("embedWidth", embedWidth, "the number of parts of a position", 4);
}

/**
 * Matrices start with Glorot's uniform numbers, embeddings with normal ones of deviation 0.02; what feeds a gate,
 * and the last layer, with zeros (section 3.2 of the paper, and its code).
 */
function parametersOf(config: DitConfig): Parameter[] {
  const { channels, patchSize, embedWidth, numLayers, numClasses, numSpeakers = 0 } = config;
  const [patchHeight, patchWidth] = sidesOf(patchSize);
  const pixels = patchHeight * patchWidth * channels;
  const table = (name: string, rows: number): Parameter => ({
    name: `${name}.embedding_table.weight`,
    shape: [rows, embedWidth],
    role: "embedding",
    init: normal(0.02),
  });
  const linear = (name: string, inputs: number, outputs: number, init = glorot(inputs, outputs)) =>
    [
      { name: `${name}.weight`, shape: [outputs, inputs], role: "matrix", init, inputAxis: 1 },
      { name: `${name}.bias`, shape: [outputs], role: "vector", init: filled(0) },
    ] satisfies Parameter[];
  const modulation = (name: string, vectors: number) =>
    linear(`${name}.adaLN_modulation.1`, embedWidth, vectors * embedWidth, filled(0));
  const block = (name: string) => [
    ...linear(`${name}.attn.qkv`, embedWidth, 3 * embedWidth),
    ...linear(`${name}.attn.proj`, embedWidth, embedWidth),
    ...linear(`${name}.mlp.fc1`, embedWidth, 4 * embedWidth),
    ...linear(`${name}.mlp.fc2`, 4 * embedWidth, embedWidth),
    ...modulation(name, 6),
  ];
  const [lastWeight, lastBias] = linear("final_layer.linear", embedWidth, pixels, filled(0));
  return [
    {
      name: "x_embedder.proj.weight",
      shape: [embedWidth, channels, patchHeight, patchWidth],
      role: "embedding",
      init: glorot(pixels, embedWidth),
    },
    { name: "x_embedder.proj.bias", shape: [embedWidth], role: "vector", init: filled(0) },
    ...timeEmbeddingParameters("t_embedder", embedWidth),
    table("y_embedder", numClasses + 1),
    ...(numSpeakers > 0 ? [table("speaker_embedder", numSpeakers + 1)] : []),
    ...Array.from({ length: numLayers }, (_, layer) => block(`blocks.${layer}`)).flat(),
    // `toPixels` reads it in another order: no adapter can stand beside it.
    { ...lastWeight, role: "head", inputAxis: undefined },
    lastBias,
    ...modulation("final_layer", 2),
  ];
}

/** [Glorot & Bengio 2010] */
function glorot(inputs: number, outputs: number): Init {
  return uniform(Math.sqrt(6 / (inputs + outputs)));
}
