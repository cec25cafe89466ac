/** `autodidact generate` with a model that draws. */
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { nodeRuntime } from "../../../core/runtime/node.js";
import type { Device } from "../../../core/runtime/session.js";
import { fromBytes } from "../../../data/images/image-batches.js";
import { decodeImage } from "../../../data/images/open-images.js";
import { encodeAnimation, encodePng } from "../../../data/images/write-images.js";
import type { Folder } from "../../../files/folder.js";
import { GenerationError } from "../../../generation/errors.js";
import { compileDenoiser } from "../../../generation/images/denoiser-session.js";
import { imageGrid } from "../../../generation/images/pictures.js";
import { type SampleOptions, sampleImages } from "../../../generation/images/sample.js";
import type { Solver } from "../../../generation/images/solvers.js";
import { openImageModel, type SavedImageModel } from "../../../interop/image-folder.js";
import type { Checkpoint } from "../../../interop/model-folder.js";
import { nearest } from "../../../recipe/nearest.js";
import { pathOf } from "../paths.js";
import { checkPictureFile, writePicture } from "../../../cli/output-file.js";

export interface DrawFlags {
  class?: string[];
  count?: number;
  guidance?: number;
  steps?: number;
  solver?: Solver;
  out?: string;
  from?: string;
  strength: number;
  mask?: string;
  seed: number;
  checkpoint: Checkpoint;
  device: Device;
  json?: boolean;
}

type Drawing = Extract<SavedImageModel, { kind: "denoiser" }>;

/** Draws pictures into one PNG file, or their becoming into an animated WebP file. */
export async function draw(folder: Folder, flags: DrawFlags): Promise<void> {
  const out = await checkPictureFile(flags.out, [".png", ".webp"]);
  const saved = await openImageModel(folder, flags.checkpoint);
  if (saved.kind !== "denoiser") {
    throw new GenerationError(
      "the model does not draw",
      `${folder.location} holds a ${saved.kind}`,
      "give a run of a dit or unet; a classifier is for `autodidact classify`",
    );
  }
  const frames: Float32Array[] = [];
  const options = await optionsOf(saved, flags);
  const isAnimated = extname(out) === ".webp";
  const onStep = isAnimated ? (x: Float32Array) => frames.push(x.slice()) : undefined;
  const batchSize = isAnimated ? options.count : undefined;
  const session = await compileDenoiser(nodeRuntime, saved.model, saved.weights, { device: flags.device });
  const start = performance.now();
  const images = await sampleImages(session, { ...options, onStep, batchSize });
  const seconds = (performance.now() - start) / 1000;
  await write(out, images, frames, saved.model);
  const { count, steps, solver, guidance, seed } = options;
  const result = { out, count, steps, solver, guidance, seed, seconds };
  if (flags.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else process.stderr.write(`${count} pictures in ${seconds.toFixed(1)} s: ${out}\n`);
}

async function optionsOf(saved: Drawing, flags: DrawFlags): Promise<SampleOptions> {
  const defaults = saved.generation as Partial<Pick<DrawFlags, "steps" | "solver" | "guidance">>;
  const count = flags.count ?? 36;
  const pictures = flags.from && (await readPicture(flags.from, saved));
  const isRedrawn = pictures && !flags.mask;
  return {
    path: pathOf(saved.objective),
    count,
    labels: labelsOf(saved, flags.class, count),
    steps: flags.steps ?? defaults.steps ?? 20,
    solver: flags.solver ?? defaults.solver ?? "heun",
    guidance: flags.guidance ?? defaults.guidance ?? 2,
    seed: flags.seed,
    from: isRedrawn ? { images: pictures, t: 1 - flags.strength } : undefined,
    keep: flags.mask
      ? { images: requirePicture(pictures), mask: await readMask(flags.mask, saved) }
      : undefined,
  };
}

/** The classes that were asked for, in turns; without any all of the model's. */
function labelsOf({ classes, model }: Drawing, asked: string[] | undefined, count: number) {
  if (model.numClasses === 0 && !asked) return undefined;
  const chosen = asked ? asked.map((name) => labelOf(classes, name)) : classes.map((_, i) => i);
  return Array.from({ length: count }, (_, i) => chosen[i % chosen.length]);
}

function labelOf(classes: readonly string[], name: string): number | "none" {
  const label = classes.indexOf(name);
  if (label >= 0) return label;
  if (name === "none") return "none";
  const near = nearest(name, classes);
  throw new GenerationError(
    "the model does not know this class",
    `--class ${name}; it knows ${classes.join(", ") || "none"}`,
    near ? `did you mean "${near}"?` : "give one of those, or none",
  );
}

async function readPicture(file: string, { model }: Drawing): Promise<Float32Array> {
  return fromBytes(await decodeImage(await readBytes(file), file, model));
}

function requirePicture(pictures: Float32Array | "" | undefined): Float32Array {
  if (pictures) return pictures;
  throw new GenerationError(
    "a mask needs a picture to keep parts of",
    "--mask without --from",
    "add --from picture.png",
  );
}

/** White is drawn anew, black is kept. */
async function readMask(file: string, { model }: Drawing): Promise<Uint8Array> {
  const { height, width } = model;
  const pixels = await decodeImage(await readBytes(file), file, { channels: 1, height, width });
  return pixels.map((value) => (value < 128 ? 1 : 0));
}

async function readBytes(file: string): Promise<Uint8Array> {
  return readFile(file).catch((cause: Error) => {
    throw new GenerationError("a picture cannot be read", cause.message, "check its path", { cause });
  });
}

async function write(
  out: string,
  images: Float32Array,
  frames: readonly Float32Array[],
  shape: { channels: number; height: number; width: number },
): Promise<void> {
  const grid = imageGrid(images, shape);
  const bytes =
    frames.length > 0
      ? await encodeAnimation(
          frames.map((frame) => imageGrid(frame, shape).pixels),
          grid,
        )
      : await encodePng(grid.pixels, grid);
  await writePicture(out, bytes);
}
