/** Options of drawing. */
import { z } from "zod";
import { fileOption, flag, manyOption, seedOption, shareOption, textOption } from "../../options.js";
import { sampling } from "../measures/options.js";

export const drawing = z.object({
  class: flag(
    z.array(textOption).optional(),
    "name",
    "draw this class; may be repeated (default: all in turns)",
  ),
  count: flag(manyOption.optional(), "number", "how many to draw (default: the recipe's)"),
  ...sampling,
  from: flag(fileOption.optional(), "picture", "begin with this picture instead of noise"),
  strength: flag(shareOption.optional(), "share", "how much of --from is drawn anew (default: 0.6)"),
  mask: flag(fileOption.optional(), "picture", "draw only where it is white, and keep the rest of --from"),
  seed: flag(seedOption.default(0), "number", "the same seed gives the same"),
});
export type Drawing = z.output<typeof drawing>;
