/** The networks of images that `bench` trains, at the size of CIFAR-10's pictures. */
import type { Workload } from "../../../bench/bench.js";
import { besides, yardstick } from "../../../bench/scripts.js";

export interface BenchNetwork {
  /** What `--only` calls it. */
  readonly name: string;
  readonly kind: "dit" | "vit" | "unet" | "resnet" | "mae";
  readonly batchSize: number;
  readonly channels: number;
  /** Height and width of an image. */
  readonly size: number;
  /** Of a transformer's vectors, or channels of the finest level. */
  readonly width: number;
  /** Layers, or residual blocks a level. */
  readonly blocks: number;
  /** Measured steps of each side, after one to warm up. */
  readonly steps: number;
}

/** Every transformer's here. */
export const patchSize = 4;
export const headWidth = 32;
export const numClasses = 10;

const transformer = { batchSize: 64, channels: 3, size: 32, width: 192, blocks: 6, steps: 5 };

export const benchNetworks: readonly BenchNetwork[] = [
  { name: "dit", kind: "dit", ...transformer },
  { name: "dit-384", kind: "dit", ...transformer, width: 384 },
  { name: "vit", kind: "vit", ...transformer },
  { name: "vit-384", kind: "vit", ...transformer, width: 384 },
  { name: "mae", kind: "mae", ...transformer },
  { name: "unet", kind: "unet", batchSize: 32, channels: 3, size: 32, width: 32, blocks: 1, steps: 5 },
  { name: "resnet", kind: "resnet", batchSize: 128, channels: 3, size: 32, width: 16, blocks: 2, steps: 5 },
];

/** The network as `benchTraining` takes it. */
export function networkTraining(network: BenchNetwork): Workload {
  const { name, kind, batchSize, channels, size, width, blocks, steps } = network;
  return {
    name,
    shape: `${kindOf(network)}, ${batchSize} x ${channels} x ${size} x ${size}`,
    unit: "images",
    unitsPerStep: batchSize,
    stepsPerTurn: 1,
    steps,
    inInt8: ["dit", "vit", "mae"].includes(kind),
    worker: besides("training-worker", import.meta.url),
    yardstick: yardstick("pytorch_images"),
    // In the order that the worker and the yardstick take them in.
    args: [kind, ...[batchSize, channels, size, width, blocks].map(String)],
  };
}

function kindOf({ kind, width, blocks }: BenchNetwork): string {
  const each = blocks === 1 ? "1 block" : `${blocks} blocks`;
  const layers = `${blocks} layers, ${width / headWidth} heads, width ${width}`;
  switch (kind) {
    case "dit":
      return `DiT, ${layers}`;
    case "vit":
      return `ViT, ${layers}`;
    case "mae":
      return `masked autoencoder, ${layers}`;
    case "unet":
      return `U-Net, ${each} a level, width ${width}`;
    case "resnet":
      return `ResNet, ${each} a stage, width ${width}`;
  }
}
