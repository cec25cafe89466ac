import type { Runtime } from "../../core/runtime/session.js";
import { bleu } from "../../evaluation/translation/bleu.js";
import { translate } from "../../generation/translation/translate.js";
import { compileTranslator } from "../../generation/translation/translator-session.js";
import type { SavedTranslator } from "../../interop/translator-folder.js";
import type { ExampleSet, ExampleTexts } from "./examples.js";

/** So many sentences are translated, at even distances; the first few are shown. */
const translatedCount = 64;
const shownCount = 8;

/** Translates some of the held-out sentences, with the weights as they are: what is said, what it should be, what came. */
export async function translationSampler(
  runtime: Runtime,
  { model, weights, tokenizer }: Pick<SavedTranslator, "model" | "weights" | "tokenizer">,
  examples: ExampleSet,
): Promise<() => Promise<{ text: string }>> {
  const session = await compileTranslator(runtime, model, weights, { live: true });
  const count = Math.min(translatedCount, examples.count);
  const chosen: ExampleTexts[] = [];
  for (let i = 0; i < count; i++) {
    chosen.push(await examples.texts(Math.floor(((i + 0.5) * examples.count) / count)));
  }
  const languages = [...new Set(chosen.map(({ language }) => language))];
  return async () => {
    const parts: string[] = [];
    for (const to of languages) {
      const into = chosen.filter(({ language }) => language === to);
      const sources = into.map(({ source }) => source);
      const found = await translate(session, tokenizer, sources, { to, beams: 1 });
      const hypotheses = found.map(({ text }) => text);
      const { score } = bleu(
        into.map(({ target }, i) => ({ hypothesis: hypotheses[i], references: [target] })),
      );
      const shown = into
        .slice(0, Math.ceil(shownCount / languages.length))
        .map(({ source, target }, i) => `${source}\n  = ${target}\n  > ${hypotheses[i]}`);
      parts.push(`into ${to}: BLEU ${score.toFixed(1)} of ${into.length}, greedily\n${shown.join("\n")}`);
    }
    return { text: parts.join("\n\n") };
  };
}
