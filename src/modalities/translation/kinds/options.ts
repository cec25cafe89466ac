/** Options of what translators do. */
import { z } from "zod";
import { countOption, fileOption, flag, numberOption, textOption } from "../../options.js";

const searching = {
  beams: flag(countOption.optional(), "count", "beginnings to follow (default: the recipe's)"),
  lengthPenalty: flag(
    numberOption.optional(),
    "number",
    "the power of its length that a score is divided by: more for longer translations (default: the recipe's)",
  ),
};

/** Options of `translate`. */
export const translatingOptions = z.object({
  to: flag(textOption.optional(), "language", "its code, such as de"),
  from: flag(textOption.optional(), "language", "of the texts, where the model knows more than two"),
  glossary: flag(
    fileOption.optional(),
    "file",
    "terms and how they must be translated (.csv: source,target)",
  ),
  field: flag(textOption.default("text"), "name", "of the text, in JSON lines"),
  review: flag(z.boolean().optional(), "", "print a table of all translations, the least sure first"),
  ...searching,
});
export type TranslatingOptions = z.output<typeof translatingOptions>;

/** Options of BLEU and chrF. */
export const measuringOptions = z.object({
  data: flag(textOption.optional(), "path", "pairs, as for training (default: those held out)"),
  to: flag(textOption.optional(), "language", "into which to translate (default: into both)"),
  tokenize: flag(
    z.enum(["13a", "zh", "intl", "char", "none"]).optional(),
    "name",
    "how BLEU cuts words (default: zh for Chinese, char for Japanese and Thai, else 13a)",
  ),
  ...searching,
});
export type MeasuringOptions = z.output<typeof measuringOptions>;
