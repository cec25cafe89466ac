/** Options of what models of sound do. */
import { z } from "zod";
import {
  amountOption,
  countOption,
  fileOption,
  flag,
  manyOption,
  seedOption,
  shareOption,
  textOption,
} from "../../options.js";

/** How sounds are drawn. */
const sampling = {
  speaker: flag(
    z.array(textOption).optional(),
    "name",
    "in this voice; may be repeated (default: all in turns)",
  ),
  guidance: flag(amountOption.optional(), "number", "how strongly class and speaker pull, 1 for not at all"),
  steps: flag(countOption.optional(), "number", "from noise to sound"),
  solver: flag(z.enum(["euler", "heun", "midpoint"]).optional(), "name", "of the steps"),
  vocoder: flag(
    textOption.optional(),
    "model",
    "a run of the recipe vocoder, which makes the sound (default: Griffin-Lim's method)",
  ),
};

/** Options of `generate`. */
export const drawing = z.object({
  class: flag(
    z.array(textOption).optional(),
    "name",
    "draw this class; may be repeated (default: all in turns)",
  ),
  count: flag(manyOption.optional(), "number", "how many to draw (default: the recipe's)"),
  ...sampling,
  from: flag(fileOption.optional(), "sound", "begin with this sound instead of noise"),
  strength: flag(shareOption.optional(), "share", "how much of --from is drawn anew (default: 0.6)"),
  repair: flag(textOption.optional(), "seconds", "draw only this part of --from anew, such as 0.4-0.6"),
  continue: flag(z.boolean().optional(), "", "go on from the end of --from"),
  seconds: flag(
    z.number().positive().max(600).optional().meta({ hint: "Give a number of seconds up to 600." }),
    "number",
    "how long a sound is, of as many windows as it takes (default: the model's window)",
  ),
  seed: flag(seedOption.default(0), "number", "the same seed gives the same"),
});
export type Drawing = z.output<typeof drawing>;

/** Options of a judge on clips held out. */
export const judging = z.object({});

/** Options of measures of what is drawn. */
export const measuring = z.object({
  judge: flag(textOption.optional(), "model", "a run that learned to tell the classes of sounds apart"),
  samples: flag(manyOption.default(200), "count", "how many to draw"),
  ...sampling,
  seed: flag(seedOption.default(0), "number", "the same seed gives the same"),
});
export type Measuring = z.output<typeof measuring>;

/** What of sounds that are drawn is measured. */
export type MeasureName = "accuracy" | "frechet" | "precision-recall" | "neighbours" | "pitch" | "faults";

/** Options of `classify`. */
export const classifying = z.object({ top: flag(countOption.default(3), "count", "classes to name") });
export type Classifying = z.output<typeof classifying>;
