/** The pictures that files hold, and what a detector finds in each. */
import { AutodidactError } from "../../../core/errors.js";
import type { Detection } from "../../../data/detection/boxes.js";
import { videoFrames } from "../../../data/detection/video-frames.js";
import { measurePicture, openPicture, stretchImage } from "../../../data/images/decode.js";
import { fromBytes } from "../../../data/images/image-batches.js";
import { type DecodeOptions, decodeMaps } from "../../../generation/detection/decode.js";
import { compileDetector, type DetectorSession } from "../../../generation/detection/detector-session.js";
import { mergeTiles, tilesOf } from "../../../generation/detection/tiles.js";
import { GenerationError } from "../../../generation/errors.js";
import { detectorStride } from "../../../models/detector.js";
import type { Saved } from "../../images/kinds/saved.js";
import { kept } from "../../kept.js";
import type { InputFile, Surroundings } from "../../modality.js";

/** Of files whose frames are looked at. */
export const videoEndings = [".mp4", ".mov", ".webm", ".mkv", ".avi"] as const;

export const isVideo = ({ name }: InputFile) =>
  videoEndings.some((ending) => name.toLowerCase().endsWith(ending));

/** How a detector takes what it finds, where nobody says otherwise. */
export const defaultsOf = ({ generation }: Saved<"detector">): Pick<DecodeOptions, "threshold" | "overlap"> =>
  generation;

/** A picture that was looked at. */
export interface LookedAt {
  readonly file: string;
  readonly bytes: Uint8Array;
  /** In seconds, of a video's frame. */
  readonly time?: number;
  readonly width: number;
  readonly height: number;
  readonly found: readonly Detection[];
}

/** How pictures are looked at. */
export interface LookOptions {
  /** Default: the model's own. */
  readonly threshold?: number;
  /** See `tilesOf`. */
  readonly tile?: number;
  /** Seconds between the frames of a video that are looked at. */
  readonly every?: number;
}

/**
 * Looks at one picture after another. Those that cannot be read are told of when the others are done: throws `ImageError`
 * for the first.
 */
export async function* look(
  saved: Saved<"detector">,
  inputs: readonly InputFile[],
  { tile, every, threshold = defaultsOf(saved).threshold }: LookOptions,
  { runtime, signal, onProgress }: Surroundings,
): AsyncGenerator<LookedAt> {
  const { model, weights } = saved;
  const session = await kept(saved, "detector", () => compileDetector(runtime, model, weights));
  const errors: AutodidactError[] = [];
  for (const [done, input] of inputs.entries()) {
    onProgress?.("files", done, inputs.length);
    try {
      for await (const picture of picturesOf(input, every, signal)) {
        signal?.throwIfAborted();
        const options = { ...defaultsOf(saved), threshold };
        yield { ...picture, ...(await lookAt(session, saved, picture, tile, options)) };
      }
    } catch (error) {
      if (!(error instanceof AutodidactError)) throw error;
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}

type Picture = Pick<LookedAt, "file" | "bytes" | "time">;

/** A picture, or the frames of a video. */
async function* picturesOf(
  input: InputFile,
  every: number | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<Picture> {
  const { name } = input;
  if (!isVideo(input)) {
    yield { file: name, bytes: input.bytes };
    return;
  }
  if (every === undefined) {
    throw new GenerationError(
      "a video is looked at frame by frame",
      `${name} without --every`,
      "give --every and the seconds between two frames, such as --every 1",
    );
  }
  for await (const frame of videoFrames(name, { every, signal })) {
    yield { file: frame.name, bytes: frame.bytes, time: frame.time };
  }
}

async function lookAt(
  session: DetectorSession,
  { model }: Saved<"detector">,
  { file, bytes }: Picture,
  tile: number | undefined,
  options: DecodeOptions,
): Promise<Pick<LookedAt, "width" | "height" | "found">> {
  const inside = async (pixels: Uint8Array, size: Size) => {
    const [maps] = await session.maps(fromBytes(pixels));
    return decodeMaps(maps, { ...model, stride: detectorStride }, { ...options, picture: size });
  };
  if (tile === undefined) {
    const { width, height } = await measurePicture(bytes, file);
    return { width, height, found: await inside(await stretchImage(bytes, file, model), { width, height }) };
  }
  const picture = await openPicture(bytes, file);
  const { width, height } = picture;
  const windows = tilesOf(picture, model, tile);
  const found: Detection[][] = [];
  for (const window of windows) found.push(await inside(await picture.part(window, model), window));
  if (windows.length === 1) return { width, height, found: found[0] };
  return { width, height, found: mergeTiles(picture, windows, found, options) };
}

type Size = Pick<LookedAt, "width" | "height">;
