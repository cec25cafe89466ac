/** A small random detector in a folder, served from a thread of its own. */
import sharp from "sharp";
import { randomStream } from "../../src/core/random.js";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { openFolder } from "../../src/files/disk.js";
import { saveImageModel } from "../../src/interop/image-folder.js";
import type { Saved } from "../../src/modalities/images/kinds/saved.js";
import type { Named, Surroundings } from "../../src/modalities/modality.js";
import { findNamed } from "../../src/modalities/saved.js";
import type { Served } from "../../src/serving/http/served.js";
import { type RunningServer, startHost } from "../../src/serving/http/server.js";
import { randomDetector } from "../random-detector.js";

export const around: Surroundings = { runtime: nodeRuntime, openFolder };

/** One that a page must not take for HTML. */
export const classes = ["<b>cell</b>", "disc", "square"];

/** In `noise` it is as sure as that of some things, and less of many. */
export const generation = { threshold: 0.35, overlap: 0.5 };

export async function saveSmallDetector(folder: string): Promise<void> {
  const { model, weights } = randomDetector({ numClasses: classes.length });
  await saveImageModel(openFolder(folder), model, weights, { classes, objective: {}, generation });
}

export interface SmallDetector extends RunningServer {
  readonly named: Named<Saved<"detector">>;
  readonly served: Served;
}

/** The model in the folder, served as "small"; `close` ends everything. */
export async function serveSmallDetector(folder: string): Promise<SmallDetector> {
  const named = (await findNamed(folder, "latest", around)) as Named<Saved<"detector">>;
  const request = { name: "small", options: {}, maxConcurrent: 1 };
  const served = await named.kind.serving!.start(named, request, around);
  const server = await hostDetector(served);
  const close = async () => {
    await server.close(0);
    await served.close();
  };
  return { ...server, named, served, close };
}

/** The same at another address, with a key where one is given. */
export function hostDetector(served: Served, apiKey?: string): Promise<RunningServer> {
  const limits = { bodyBytes: served.bodyBytes!, maxConcurrent: 1, maxQueue: 3 };
  return startHost(served, { port: 0, limits, apiKey });
}

/** A picture of coarse noise: the small detector finds things in it. */
export async function noise(width: number, height: number, seed = 1) {
  const random = randomStream(seed, "noise");
  const [across, down] = [12, 8];
  const data = Uint8Array.from({ length: 3 * across * down }, () => random.integer(256));
  const coarse = sharp(data, { raw: { width: across, height: down, channels: 3 } });
  return coarse.resize({ width, height, fit: "fill" });
}
