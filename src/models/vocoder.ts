/**
 * Says which magnitudes lie behind mel bands: layers as in ConvNeXt over time (Liu et al. 2022; Siuzdak 2024, "Vocos"), each a
 * depthwise convolution, a norm and a feed-forward network. Nothing is sampled down: one row a frame from the first layer to
 * the last. Rows are frame first, [t b, c].
 */
import { known, multiplySizes, type Size } from "../core/graph/size.js";
import type { Tensor } from "../core/graph/tensor.js";
import { conv } from "../core/ops/convolution.js";
import { add, mul } from "../core/ops/elementwise.js";
import { reshape, transpose } from "../core/ops/movement.js";
import { layerNorm } from "../core/ops/normalise.js";
import { concat } from "../core/ops/slice.js";
import { geluTanh } from "../nn/activation.js";
import { feedForward } from "../nn/feed-forward.js";
import { linearWithBias } from "../nn/linear.js";
import { filled, type Init, normal, type Parameter, type Parameters, uniform } from "../nn/parameter.js";
import { checkOdd } from "./shapes.js";

/** Sizes of a vocoder. */
export interface VocoderConfig {
  /** Of the mel spectrogram. */
  readonly bands: number;
  /** Of a spectrum. */
  readonly bins: number;
  readonly width: number;
  readonly hiddenWidth: number;
  readonly numLayers: number;
  /** Frames that a convolution sees; odd. */
  readonly kernelSize: number;
}

/** Says which magnitudes lie behind mel bands. */
export interface Vocoder {
  readonly bands: number;
  readonly bins: number;
  readonly parameters: readonly Parameter[];
  /**
   * Natural logarithms of magnitudes [t, b, bins], of log-mel bands [t, b, bands] and the logarithms of those magnitudes
   * [t, b, bins] that the bands alone tell, to which the model adds what they leave out.
   */
  predict(p: Parameters, mel: Tensor<"t b m">, rough: Tensor<"t b n">): Tensor<"t b n">;
  /** What `config.json` says of it. */
  config(): Record<string, unknown>;
}

/** Logarithms of bands and of magnitudes, -11.5 to about 3, as numbers around 0. */
const [middle, spread] = [-5, 3];

/** A vocoder of these sizes. Throws `ModelError` for an even kernel. */
export function vocoder(config: VocoderConfig): Vocoder {
  const { bands, bins, width, hiddenWidth, numLayers, kernelSize } = config;
  checkOdd("kernelSize", kernelSize);

  const norm = (p: Parameters, rows: Tensor<"n c">, name: string) =>
    layerNorm(rows, p(`${name}.weight`), p(`${name}.bias`));

  const layer = (p: Parameters, rows: Tensor<"n c">, name: string, time: Size) => {
    const mixed = overTime(rows, p(`${name}.dwconv.weight`), p(`${name}.dwconv.bias`), time);
    const layers = { up: `${name}.pwconv1`, down: `${name}.pwconv2`, activation: geluTanh };
    return add(rows, feedForward(p, norm(p, mixed, `${name}.norm`), layers));
  };

  return {
    bands,
    bins,
    parameters: parametersOf(config),

    predict(p, mel, rough) {
      const [frames, batch] = mel.shape;
      const seen = mul(add(concat([mel, rough], 2), -middle), 1 / spread);
      let rows = reshape<"n c">(linearWithBias(p, seen, "embed"), [multiplySizes(frames, batch), width]);
      for (let i = 0; i < numLayers; i++) {
        rows = p.eachLayer(() => layer(p, rows, `convnext.${i}`, frames));
      }
      const more = linearWithBias(p, norm(p, rows, "final_layer_norm"), "head.out");
      return add(rough, reshape(more, rough.shape));
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

/** Matrices start with Glorot's uniform numbers; what is added to a layer's rows, and the last layer, with zeros. */
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
  const norm = (name: string): Parameter[] => [
    { name: `${name}.weight`, shape: [width], role: "vector", init: filled(1) },
    { name: `${name}.bias`, shape: [width], role: "vector", init: filled(0) },
  ];
  const layer = (name: string): Parameter[] => [
    // It scales channels and mixes none.
    { name: `${name}.dwconv.weight`, shape: [width, 1, kernelSize], role: "vector", init: normal(0.3) },
    { name: `${name}.dwconv.bias`, shape: [width], role: "vector", init: filled(0) },
    ...norm(`${name}.norm`),
    ...linear(`${name}.pwconv1`, width, hiddenWidth),
    ...linear(`${name}.pwconv2`, hiddenWidth, width, filled(0)),
  ];
  const [embedWeight, embedBias] = linear("embed", bands + bins, width);
  const [headWeight, headBias] = linear("head.out", width, bins, filled(0));
  return [
    { ...embedWeight, role: "embedding" },
    embedBias,
    ...Array.from({ length: numLayers }, (_, i) => layer(`convnext.${i}`)).flat(),
    ...norm("final_layer_norm"),
    { ...headWeight, role: "head" },
    headBias,
  ];
}

/** [Glorot & Bengio 2010] */
function glorot(inputs: number, outputs: number): Init {
  return uniform(Math.sqrt(6 / (inputs + outputs)));
}
