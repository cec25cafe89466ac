/** Options of what translators do. */
import { z } from "zod";
import {
  amountOption,
  countOption,
  fileOption,
  flag,
  numberOption,
  seedOption,
  textOption,
} from "../../options.js";

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

/** Options of `translate --back-translate`. */
export const backTranslatingOptions = z.object({
  backTranslate: flag(
    z.boolean().optional(),
    "",
    "make pairs to learn from out of sentences, one a line: what is translated becomes the target",
  ),
  to: translatingOptions.shape.to,
  from: translatingOptions.shape.from,
  temperature: flag(
    amountOption.optional(),
    "number",
    "draw translations, the more freely the higher, instead of searching the best",
  ),
  seed: flag(seedOption.default(0), "number", "the same seed draws the same"),
  ...searching,
});
export type BackTranslatingOptions = z.output<typeof backTranslatingOptions>;

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
