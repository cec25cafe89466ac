/** Options of what recognisers do. */
import { z } from "zod";
import { countOption, fileOption, flag, textOption } from "../../options.js";

/** How emissions become words. */
const decoding = {
  beams: flag(
    countOption.optional(),
    "count",
    "prefixes to follow (default: the recipe's; 1: the best of each frame)",
  ),
  lm: flag(
    fileOption.optional(),
    "file",
    "what beams are ranked by: an n-gram model of words (.arpa), or a text to make one of",
  ),
  hot: flag(z.array(textOption).optional(), "word", "a word that is likelier than usual; may be repeated"),
};

/** Options of `transcribe`. */
export const transcribing = z.object({
  format: flag(
    z.enum(["text", "srt", "vtt", "tsv", "json"]).default("text"),
    "name",
    "what to print: the text, subtitles, or all that is known",
  ),
  microphone: flag(z.literal(true).optional(), "", "listen to the microphone until Ctrl-C"),
  ...decoding,
});

export type Transcribing = z.output<typeof transcribing>;

/** Options of the error rates. */
export const measuring = z.object({
  data: flag(
    textOption.optional(),
    "path",
    "recordings with texts, as for training (default: those held out)",
  ),
  ...decoding,
});
export type Measuring = z.output<typeof measuring>;
