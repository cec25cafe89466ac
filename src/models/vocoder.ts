/**
 * A velocity field over spectra of sound: layers as in ConvNeXt over time (Liu et al. 2022; Siuzdak 2024, "Vocos"), each a
 * depthwise convolution, a norm and a feed-forward network, told the time by scale, shift and gate as in DiT. Nothing is
 * sampled down: one row a frame from the first layer to the last. Rows are frame first, [t b, c].
 */
import { known, multiplySizes, type Size } from "../core/graph/size.js";
import type { Tensor } from "../core/graph/tensor.js";
import { conv } from "../core/ops/convolution.js";
import { add, mul } from "../core/ops/elementwise.js";
import { reshape, transpose } from "../core/ops/movement.js";
import { concat, split } from "../core/ops/slice.js";
import { geluTanh, silu } from "../nn/activation.js";
import { feedForward } from "../nn/feed-forward.js";
import { linearWithBias } from "../nn/linear.js";
import { gatedAdd, modulatedNorm } from "../nn/modulation.js";
import { filled, type Init, normal, type Parameter, type Parameters, uniform } from "../nn/parameter.js";
import { timeEmbedding, timeEmbeddingParameters } from "../nn/time-embedding.js";
import { checkOdd } from "./shapes.js";

/** Sizes of a vocoder. */
export interface VocoderConfig {
  /** Of the mel spectrogram. */
  readonly bands: number;
  /** Of a spectrum, of which each has a real and an imaginary part. */
  readonly bins: number;
  readonly width: number;
  readonly hiddenWidth: number;
  readonly numLayers: number;
  /** Frames that a convolution sees; odd. */
  readonly kernelSize: number;
}

/** Says where spectra go on their way to a sound. */
export interface Vocoder {
  readonly bands: number;
  readonly bins: number;
  readonly parameters: readonly Parameter[];
  /**
   * The field [t, b, 2 bins] at spectra `x` [t, b, 2 bins], of unit variance, of sound with these mel bands [t, b, bands],
   * at times [b] from 0 (the start) to 1 (the sound).
   */
  predict(p: Parameters, x: Tensor<"t b d">, mel: Tensor<"t b m">, time: Tensor<"b">): Tensor<"t b d">;
  /** What `config.json` says of it. */
  config(): Record<string, unknown>;
}

/** Logarithms of mel bands, -11.5 to about 1, as numbers around 0. */
const melMiddle = -6;
const melSpread = 3;

/** A vocoder of these sizes. Throws `ModelError` for an even kernel. */
export function vocoder(config: VocoderConfig): Vocoder {
  const { bands, bins, width, hiddenWidth, numLayers, kernelSize } = config;
  checkOdd("kernelSize", kernelSize);

  const layer = (p: Parameters, rows: Tensor<"n c">, condition: Tensor<"b c">, name: string, time: Size) => {
    const modulation = linearWithBias(p, condition, `${name}.adaLN_modulation.1`);
    const [shift, scale, gate] = split(modulation, 3, 1); // b c
    const mixed = overTime(rows, p(`${name}.dwconv.weight`), p(`${name}.dwconv.bias`), time);
    const layers = { up: `${name}.pwconv1`, down: `${name}.pwconv2`, activation: geluTanh };
    return gatedAdd(rows, gate, feedForward(p, modulatedNorm(mixed, shift, scale), layers));
  };

  return {
    bands,
    bins,
    parameters: parametersOf(config),

    predict(p, x, mel, time) {
      const [frames, batch] = x.shape;
      const seen = concat([x, mul(add(mel, -melMiddle), 1 / melSpread)], 2);
      let rows = reshape<"n c">(linearWithBias(p, seen, "embed"), [multiplySizes(frames, batch), width]);
      const condition = silu(timeEmbedding(p, time, "t_embedder")) as Tensor<"b c">;
      for (let i = 0; i < numLayers; i++) {
        rows = p.eachLayer(() => layer(p, rows, condition, `convnext.${i}`, frames));
      }
      const [shift, scale] = split(linearWithBias(p, condition, "final_layer.adaLN_modulation.1"), 2, 1);
      const field = linearWithBias(p, modulatedNorm(rows, shift, scale), "head.out");
      return reshape(field, x.shape);
    },

    config: () => ({
      model_type: "autodidact_vocoder",
      hidden_size: width,
      intermediate_size: hiddenWidth,
      num_hidden_layers: numLayers,
      kernel_size: kernelSize,
    }),
  };
}

/** Each channel's sum over the frames around, weighted by w [c, 1, k]; beyond both ends there are zeros. */
function overTime(x: Tensor<"n c">, w: Tensor, bias: Tensor, time: Size): Tensor<"n c"> {
  const [channels, , taps] = w.shape.map(known);
  const rows = reshape(x, [time, -1]);
  const channelsFirst = reshape(transpose(rows), [-1, channels, time]);
  const summed = conv(channelsFirst, w, { bias, groups: channels, padding: (taps - 1) / 2 });
  return reshape(transpose(reshape(summed, [rows.shape[1], time])), x.shape);
}

/** Matrices start with Glorot's uniform numbers; what feeds a gate, and the last layer, with zeros. */
function parametersOf({
  bands,
  bins,
  width,
  hiddenWidth,
  numLayers,
  kernelSize,
}: VocoderConfig): Parameter[] {
  const linear = (
    name: string,
    inputs: number,
    outputs: number,
    init = glorot(inputs, outputs),
  ): Parameter[] => [
    { name: `${name}.weight`, shape: [outputs, inputs], role: "matrix", init, inputAxis: 1 },
    { name: `${name}.bias`, shape: [outputs], role: "vector", init: filled(0) },
  ];
  const modulation = (name: string, vectors: number) =>
    linear(`${name}.adaLN_modulation.1`, width, vectors * width, filled(0));
  const layer = (name: string): Parameter[] => [
    // It scales channels and mixes none.
    { name: `${name}.dwconv.weight`, shape: [width, 1, kernelSize], role: "vector", init: normal(0.3) },
    { name: `${name}.dwconv.bias`, shape: [width], role: "vector", init: filled(0) },
    ...linear(`${name}.pwconv1`, width, hiddenWidth),
    ...linear(`${name}.pwconv2`, hiddenWidth, width),
    ...modulation(name, 3),
  ];
  const [embedWeight, embedBias] = linear("embed", 2 * bins + bands, width);
  const [headWeight, headBias] = linear("head.out", width, 2 * bins, filled(0));
  return [
    { ...embedWeight, role: "embedding" },
    embedBias,
    ...timeEmbeddingParameters("t_embedder", width),
    ...Array.from({ length: numLayers }, (_, i) => layer(`convnext.${i}`)).flat(),
    ...modulation("final_layer", 2),
    { ...headWeight, role: "head" },
    headBias,
  ];
}

/** [Glorot & Bengio 2010] */
function glorot(inputs: number, outputs: number): Init {
  return uniform(Math.sqrt(6 / (inputs + outputs)));
}
