/** Pictures out of noise. */
import { sameName } from "../../../data/images/class-name.js";
import { fromBytes } from "../../../data/images/image-batches.js";
import { decodeImage } from "../../../data/images/open-images.js";
import { encodeAnimation, encodePng } from "../../../data/images/write-images.js";
import { GenerationError } from "../../../generation/errors.js";
import { compileDenoiser } from "../../../generation/images/denoiser-session.js";
import { imageGrid } from "../../../generation/images/pictures.js";
import { type SampleOptions, sampleImages } from "../../../generation/images/sample.js";
import type { Solver } from "../../../generation/images/solvers.js";
import { nearest } from "../../../recipe/nearest.js";
import { kept } from "../../kept.js";
import type { InputFile, Named, Output, Surroundings, UseRequest } from "../../modality.js";
import { pathOf } from "../paths.js";
import type { Drawing } from "./drawing.js";
import type { Saved } from "./saved.js";

type Denoising = Saved<"denoiser">;

/** How a model draws where neither a flag nor its recipe says otherwise. */
const usual = {
  count: 36,
  steps: 20,
  solver: "heun" as Solver,
  guidance: 2,
  guidanceFrom: 0,
  guidanceUntil: 1,
};

/**
 * One picture, a grid of several, each for itself, or how they emerge. Throws `GenerationError` for a class that the
 * model does not know, and options that do not go together.
 */
export async function* draw(
  named: Named<Denoising>,
  flags: Drawing,
  { ending, each }: NonNullable<UseRequest["wanted"]>,
  { runtime, signal, onProgress }: Surroundings,
): AsyncGenerator<Output> {
  const saved = await named.open();
  const options = await optionsOf(saved, flags);
  const isAnimated = ending === ".webp";
  const frames: Float32Array[] = [];
  const onStep = (x: Float32Array, _t: number, first: number) => {
    signal?.throwIfAborted();
    onProgress?.("pictures", first, options.count);
    if (isAnimated) frames.push(x.slice());
  };
  const batchSize = isAnimated ? options.count : undefined;
  const session = await kept(saved, "denoiser", () => compileDenoiser(runtime, saved.model, saved.weights));
  const start = performance.now();
  const images = await sampleImages(session, { ...options, onStep, batchSize });
  const seconds = (performance.now() - start) / 1000;
  if (each) yield* singly(images, options, saved);
  else yield { kind: "file", name: `samples${ending}`, bytes: await together(images, frames, saved) };
  const { count, steps, solver, guidance, seed } = options;
  yield {
    kind: "figures",
    figures: { count, steps, solver, guidance, seed, seconds },
    remark: `${count} pictures in ${seconds.toFixed(1)} s`,
  };
}

/** What was asked for, and where nothing was what the model's recipe says. */
export async function optionsOf(saved: Denoising, flags: Drawing): Promise<DrawingOptions> {
  checkFlags(flags);
  const own = saved.generation as Partial<typeof usual>;
  const count = flags.count ?? own.count ?? usual.count;
  const picture = flags.from && (await pictureOf(flags.from, saved));
  return {
    path: pathOf(saved.objective),
    count,
    labels: labelsOf(saved, flags.class, count),
    steps: flags.steps ?? own.steps ?? usual.steps,
    solver: flags.solver ?? own.solver ?? usual.solver,
    guidance: flags.guidance ?? own.guidance ?? usual.guidance,
    guidanceFrom: flags.guidanceFrom ?? own.guidanceFrom ?? usual.guidanceFrom,
    guidanceUntil: flags.guidanceUntil ?? own.guidanceUntil ?? usual.guidanceUntil,
    seed: flags.seed,
    from: picture && !flags.mask ? { images: picture, t: 1 - (flags.strength ?? 0.6) } : undefined,
    keep: flags.mask && picture ? { images: picture, mask: await maskOf(flags.mask, saved) } : undefined,
  };
}

type DrawingOptions = SampleOptions & Required<Pick<SampleOptions, "seed" | "guidance">>;

function checkFlags({ from, mask, strength }: Drawing): void {
  if (mask && !from) {
    throw new GenerationError(
      "a mask needs a picture to keep parts of",
      "--mask without --from",
      "add --from picture.png",
    );
  }
  if (strength === undefined || (from && !mask)) return;
  throw new GenerationError(
    "the strength would have no effect",
    mask ? "--strength with --mask" : "--strength without --from",
    mask ? "leave it out: what the mask shows is drawn anew, the rest is kept" : "add --from picture.png",
  );
}

/** The classes that were asked for, in turns; without any all of the model's. */
function labelsOf({ classes, model }: Denoising, asked: readonly string[] | undefined, count: number) {
  if (model.numClasses === 0 && !asked) return undefined;
  const chosen = asked ? asked.map((name) => labelOf(classes, name)) : classes.map((_, i) => i);
  return Array.from({ length: count }, (_, i) => chosen[i % chosen.length]);
}

function labelOf(classes: readonly string[], name: string): number | "none" {
  const label = classes.findIndex((known) => sameName(known, name));
  if (label >= 0) return label;
  if (name === "none") return "none";
  const near = nearest(name, classes);
  throw new GenerationError(
    "the model does not know this class",
    `${JSON.stringify(name)}; it knows ${classes.join(", ") || "none"}`,
    near ? `did you mean "${near}"?` : "give one of those, or none",
  );
}

async function pictureOf({ name, bytes }: InputFile, { model }: Denoising): Promise<Float32Array> {
  return fromBytes(await decodeImage(bytes, name, model));
}

/** White is drawn anew, black is kept. */
async function maskOf({ name, bytes }: InputFile, { model }: Denoising): Promise<Uint8Array> {
  const { height, width } = model;
  const pixels = await decodeImage(bytes, name, { channels: 1, height, width });
  return pixels.map((value) => (value < 128 ? 1 : 0));
}

async function together(
  images: Float32Array,
  frames: readonly Float32Array[],
  { model }: Denoising,
): Promise<Uint8Array> {
  const isSingle = images.length === model.channels * model.height * model.width;
  const padding = isSingle ? 0 : undefined;
  const grid = imageGrid(images, model, { padding });
  if (frames.length === 0) return encodePng(grid.pixels, grid);
  const pixels = frames.map((frame) => imageGrid(frame, model, { padding }).pixels);
  return encodeAnimation(pixels, grid);
}

/** Each picture in a file of its own, with its number and class. */
async function* singly(
  images: Float32Array,
  { count, labels }: DrawingOptions,
  { model, classes }: Denoising,
): AsyncGenerator<Output> {
  const size = images.length / count;
  for (let i = 0; i < count; i++) {
    const picture = images.subarray(i * size, (i + 1) * size);
    const label = labels?.[i];
    const className = typeof label === "number" ? `-${classes[label].replace(/[^\p{L}\p{N}]+/gu, "-")}` : "";
    const name = `${String(i + 1).padStart(String(count).length, "0")}${className}.png`;
    yield { kind: "file", name, bytes: await pngOf(picture, model) };
  }
}

/** One picture as a PNG file. */
async function pngOf(picture: Float32Array, model: Denoising["model"]): Promise<Uint8Array> {
  const { pixels } = imageGrid(picture, model, { padding: 0 });
  return encodePng(pixels, model);
}
