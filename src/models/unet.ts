/**
 * The convolutional U-Net of denoising diffusion (Ho et al. 2020, appendix B): residual blocks of group norm,
 * SiLU and 3x3 convolution on the way down and up, skip connections between them, self-attention at some
 * sizes and in the middle. Departures: no dropout; the class's embedding is added to the time's, whose
 * sinusoids always have 256 values; convolutions of stride 2 pad both sides alike; pixels may come as patches
 * (Luhman & Luhman 2022), which makes the finest level smaller.
 */
import { known, multiplySizes } from "../core/graph/size.js";
import type { Tensor } from "../core/graph/tensor.js";
import { add, mul } from "../core/ops/elementwise.js";
import { gather } from "../core/ops/gather.js";
import { matmul, swapLast } from "../core/ops/matmul.js";
import { reshape } from "../core/ops/movement.js";
import { softmax } from "../core/ops/normalise.js";
import { concat, split } from "../core/ops/slice.js";
import { silu } from "../nn/activation.js";
import { conv2dWithBias, conv2dWithBiasParameters } from "../nn/conv2d.js";
import { groupNorm, groupNormParameters } from "../nn/group-norm.js";
import { linearWithBias } from "../nn/linear.js";
import { filled, normal, type Parameter, type Parameters, uniform } from "../nn/parameter.js";
import { channelsAsPatches, patchesAsChannels } from "../nn/patches.js";
import { timeEmbedding, timeEmbeddingParameters } from "../nn/time-embedding.js";
import { doubleSize } from "../nn/upsample.js";
import type { Denoiser } from "./image-model.js";
import { checkDivides } from "./shapes.js";

/** Sizes of a U-Net. */
export interface UNetConfig {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** Of a patch's side, in pixels: its pixels are channels of the finest level. Default 1. */
  readonly patchSize?: number;
  /** Channels of the finest level. */
  readonly baseWidth: number;
  /** Of the base width, one a level; each level halves height and width. */
  readonly widthMultipliers: readonly number[];
  /** On the way down; one more on the way up. */
  readonly blocksPerLevel: number;
  /** Heights, in patches, at which every block is followed by self-attention. */
  readonly attentionAt: readonly number[];
  /** 0: no classes. */
  readonly numClasses: number;
  /** Of every group norm; default 32. */
  readonly groups?: number;
}

type Image = Tensor<"b c h w">;

/** A residual block, with self-attention behind it or not. */
interface Block {
  readonly name: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly attention?: string;
}

/** Blocks of one size, and the convolution that leads to the next. */
interface Level {
  readonly blocks: readonly Block[];
  readonly resample?: string;
  readonly width: number;
}

/** A U-Net of these sizes. Throws `ModelError` when levels do not halve the image or groups a width. */
export function unet(config: UNetConfig): Denoiser {
  const { channels, height, width, patchSize = 1, baseWidth, widthMultipliers, numClasses } = config;
  const { groups = 32 } = config;
  const smallest = patchSize * 2 ** (widthMultipliers.length - 1);
  checkDivides("height", height, "patchSize 2 ** (levels - 1)", smallest);
  checkDivides("width", width, "patchSize 2 ** (levels - 1)", smallest);
  for (const factor of widthMultipliers)
    checkDivides("a level's width", baseWidth * factor, "groups", groups);
  const { down, middle, up } = planOf(config);

  const activated = (p: Parameters, x: Image, name: string) => silu(groupNorm(p, x, name, groups));

  const residual = (p: Parameters, x: Image, embedding: Tensor<"b c">, { name, inputs, outputs }: Block) => {
    const shift = linearWithBias(p, embedding, `${name}.time`); // b c
    const first = conv2dWithBias(p, activated(p, x, `${name}.norm1`), `${name}.conv1`); // b c h w
    const shifted = add(first, reshape(shift, [...shift.shape, 1, 1]));
    const second = conv2dWithBias(p, activated(p, shifted, `${name}.norm2`), `${name}.conv2`);
    return add(inputs === outputs ? x : conv2dWithBias(p, x, `${name}.shortcut`), second);
  };
  const attention = (p: Parameters, x: Image, name: string) => {
    const [batch, c, h, w] = x.shape;
    const all = conv2dWithBias(p, groupNorm(p, x, `${name}.norm`, groups), `${name}.qkv`);
    const [q, k, v] = split(reshape(all, [batch, multiplySizes(3, c), multiplySizes(h, w)]), 3, 1); // b c n
    const scores = matmul(swapLast(mul(q, 1 / Math.sqrt(known(c)))), k); // b n n
    const mixed = matmul(v, swapLast(softmax(scores))); // b c n
    return add(x, conv2dWithBias(p, reshape(mixed, x.shape), `${name}.proj`));
  };
  const run = (p: Parameters, x: Image, embedding: Tensor<"b c">, block: Block) => {
    const y = residual(p, x, embedding, block);
    return block.attention ? attention(p, y, block.attention) : y;
  };

  return {
    channels,
    height,
    width,
    numClasses,
    parameters: parametersOf(config),

    predict(p, x, time, labels) {
      const times = timeEmbedding(p, time, "time_embedding"); // b c
      const named = numClasses > 0 ? add(times, gather(p("class_embedding.weight"), labels)) : times;
      const embedding = silu(named);
      let h = conv2dWithBias(p, patchesAsChannels(x, patchSize), "conv_in"); // b c h w
      const skips = [h];
      for (const { blocks, resample } of down) {
        for (const block of blocks) {
          h = run(p, h, embedding, block);
          skips.push(h);
        }
        if (resample) {
          h = conv2dWithBias(p, h, resample, 2);
          skips.push(h);
        }
      }
      for (const block of middle) h = run(p, h, embedding, block);
      for (const { blocks, resample } of up) {
        for (const block of blocks) h = run(p, concat([h, skips.pop()!], 1), embedding, block);
        if (resample) h = conv2dWithBias(p, doubleSize(h), resample);
      }
      return channelsAsPatches(conv2dWithBias(p, activated(p, h, "norm_out"), "conv_out"), patchSize);
    },

    config: () => ({
      model_type: "autodidact_unet",
      channels,
      height,
      width,
      patch_size: patchSize,
      base_width: baseWidth,
      width_multipliers: widthMultipliers,
      blocks_per_level: config.blocksPerLevel,
      attention_at: config.attentionAt,
      num_classes: numClasses,
      groups,
    }),
  };
}

/** Which blocks there are: on the way up each block also reads what its counterpart on the way down gave. */
function planOf(config: UNetConfig) {
  const { height, patchSize = 1, baseWidth, widthMultipliers, blocksPerLevel, attentionAt } = config;
  const finest = height / patchSize;
  const last = widthMultipliers.length - 1;
  const widths = widthMultipliers.map((factor) => baseWidth * factor);
  const block = (level: string, i: number, inputs: number, outputs: number, size: number): Block => ({
    name: `${level}.blocks.${i}`,
    inputs,
    outputs,
    attention: attentionAt.includes(size) ? `${level}.attentions.${i}` : undefined,
  });
  let width = baseWidth;
  const skips = [width];
  const down = widths.map((outputs, i): Level => {
    const blocks = Array.from({ length: blocksPerLevel }, (_, j) => {
      const made = block(`down.${i}`, j, width, outputs, finest / 2 ** i);
      width = outputs;
      skips.push(width);
      return made;
    });
    if (i < last) skips.push(width);
    return { blocks, width, resample: i < last ? `down.${i}.downsample` : undefined };
  });
  const inner = { inputs: width, outputs: width };
  const middle: Block[] = [
    { name: "middle.blocks.0", ...inner, attention: "middle.attention" },
    { name: "middle.blocks.1", ...inner },
  ];
  const up = widths.toReversed().map((outputs, k): Level => {
    const i = last - k;
    const blocks = Array.from({ length: blocksPerLevel + 1 }, (_, j) => {
      const made = block(`up.${i}`, j, width + skips.pop()!, outputs, finest / 2 ** i);
      width = outputs;
      return made;
    });
    return { blocks, width, resample: i > 0 ? `up.${i}.upsample` : undefined };
  });
  return { down, middle, up };
}

/**
 * Uniform with variance 1 / mean(inputs, outputs), as in the authors' code; the last convolution of every
 * block and of the network starts at zero, so that each block starts as what passes it by.
 */
function parametersOf(config: UNetConfig): Parameter[] {
  const { channels, patchSize = 1, baseWidth, numClasses } = config;
  const pixels = channels * patchSize ** 2;
  const { down, middle, up } = planOf(config);
  const embedded = 4 * baseWidth;
  const scaled = (inputs: number, outputs: number) => uniform(Math.sqrt(6 / (inputs + outputs)));
  const conv = (name: string, inputs: number, outputs: number, kernel: number, init?: "zero") =>
    conv2dWithBiasParameters(
      name,
      [outputs, inputs, kernel],
      init ? filled(0) : scaled(inputs * kernel ** 2, outputs * kernel ** 2),
    );
  const block = ({ name, inputs, outputs, attention }: Block): Parameter[] => [
    ...groupNormParameters(`${name}.norm1`, inputs),
    ...conv(`${name}.conv1`, inputs, outputs, 3),
    {
      name: `${name}.time.weight`,
      shape: [outputs, embedded],
      role: "matrix",
      init: scaled(embedded, outputs),
      inputAxis: 1,
    },
    { name: `${name}.time.bias`, shape: [outputs], role: "vector", init: filled(0) },
    ...groupNormParameters(`${name}.norm2`, outputs),
    ...conv(`${name}.conv2`, outputs, outputs, 3, "zero"),
    ...(inputs === outputs ? [] : conv(`${name}.shortcut`, inputs, outputs, 1)),
    ...(attention
      ? [
          ...groupNormParameters(`${attention}.norm`, outputs),
          ...conv(`${attention}.qkv`, outputs, 3 * outputs, 1),
          ...conv(`${attention}.proj`, outputs, outputs, 1, "zero"),
        ]
      : []),
  ];
  const level = ({ blocks, resample, width }: Level) => [
    ...blocks.flatMap(block),
    ...(resample ? conv(resample, width, width, 3) : []),
  ];
  const classes: Parameter = {
    name: "class_embedding.weight",
    shape: [numClasses + 1, embedded],
    role: "embedding",
    init: normal(0.02),
  };
  return [
    ...timeEmbeddingParameters("time_embedding", embedded),
    ...(numClasses > 0 ? [classes] : []),
    ...conv("conv_in", pixels, baseWidth, 3),
    ...down.flatMap(level),
    ...middle.flatMap(block),
    ...up.flatMap(level),
    ...groupNormParameters("norm_out", up.at(-1)!.width),
    ...conv("conv_out", up.at(-1)!.width, pixels, 3, "zero"),
  ];
}
