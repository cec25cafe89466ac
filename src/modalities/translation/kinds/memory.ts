import {
  type TranslationMemory,
  translationMemory,
} from "../../../features/localisation/translation-memory.js";
import { kept } from "../../kept.js";
import type { Named } from "../../modality.js";
import { openTrainingPairs } from "../prepared.js";
import type { Saved } from "./saved.js";

/** What the model's run learned from, into a language, read once for all who ask; nothing where it is no run. */
export function memoryOf(
  { folder }: Named,
  saved: Saved,
  to: string,
): Promise<TranslationMemory | undefined> {
  return kept(saved, `memory into ${to}`, async () => {
    const train = await openTrainingPairs(folder.folder("data"));
    if (!train) return undefined;
    const pairs = await Promise.all(Array.from({ length: train.count }, (_, i) => train.read(i)));
    const into = pairs.flatMap(({ source, target, sourceLanguage, targetLanguage }) => {
      if (sourceLanguage === targetLanguage) return [];
      return targetLanguage === to ? [{ source, target }] : [{ source: target, target: source }];
    });
    return translationMemory(into);
  });
}
