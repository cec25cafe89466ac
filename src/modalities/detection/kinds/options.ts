/** Options of what detectors do. */
import { z } from "zod";
import { countOption, flag, shareOption, textOption } from "../../options.js";

const threshold = flag(
  shareOption.optional(),
  "score",
  "how sure a box has to be (default: the one chosen on held-out pictures)",
);

/** Options of `detect`. */
export const detecting = z.object({
  threshold,
  tile: flag(
    countOption.optional(),
    "pixels",
    "look at large pictures also in tiles whose longer side has so many, so that small things are seen",
  ),
  every: flag(
    z.number().positive().optional().meta({ hint: "Give a number of seconds above 0." }),
    "seconds",
    "look at the frames of videos that are so far apart; needs ffmpeg",
  ),
});
export type Detecting = z.output<typeof detecting>;

/** Options of `detect --suggest`. */
export const suggesting = z.object({
  suggest: flag(
    z.enum(["coco", "voc", "yolo"]).optional(),
    "format",
    "order pictures by how much labelling them would teach, and write what is found for a tool that draws boxes",
  ),
  threshold,
});
export type Suggesting = z.output<typeof suggesting>;

/** Options of the measure. */
export const measuring = z.object({
  data: flag(
    textOption.optional(),
    "path",
    "pictures with boxes, as for training (default: those of the model's run)",
  ),
  split: flag(z.enum(["validation", "test"]).default("validation"), "name", "which of the run's pictures"),
  threshold,
});
export type Measuring = z.output<typeof measuring>;
