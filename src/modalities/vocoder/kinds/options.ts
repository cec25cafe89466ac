/** Options of what vocoders do. */
import { z } from "zod";
import { countOption, fileOption, flag, manyOption, seedOption, textOption } from "../../options.js";

/** How sound is made. */
const making = {
  iterations: flag(
    countOption.optional(),
    "number",
    "from random phases to the sound (default: the recipe's)",
  ),
  seed: flag(seedOption.default(0), "number", "the same seed gives the same"),
};

/** Options of `generate`. */
export const resounding = z.object({
  from: flag(fileOption.optional(), "sound", "the sound to take apart and make again"),
  ...making,
});
export type Resounding = z.output<typeof resounding>;

/** Options of the distance. */
export const measuring = z.object({
  data: flag(textOption.optional(), "path", "recordings to make again (default: those held out)"),
  count: flag(manyOption.default(50), "number", "recordings at most, at even distances"),
  ...making,
});
export type Measuring = z.output<typeof measuring>;
