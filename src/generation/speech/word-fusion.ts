import { END_OF_SENTENCE, type NgramModel, START_OF_SENTENCE } from "./ngram.js";

/** What words count beside their sound. Natural logarithms; the defaults of `alpha`, `beta` are pyctcdecode's. */
export interface FusionOptions {
  readonly model?: NgramModel;
  /** What the model's log-probabilities are multiplied with. Default 0.5. */
  readonly alpha?: number;
  /** Added for each word, as a model makes long texts unlikely. Default 1.5; without a model 0. */
  readonly beta?: number;
  /** Subtracted for a word that neither the model nor the hot words have. Default 10. */
  readonly unknownWordPenalty?: number;
  /** Normalised words that are likelier here than elsewhere; of a phrase each of its words. */
  readonly hotWords?: readonly string[];
  /** Added for a hot word, and for its beginning by its share of the letters. Default 10. */
  readonly hotWordBoost?: number;
}

/** Shallow fusion: what a hypothesis gains and loses by its words, whole ones and the one that is being said. */
export class WordFusion {
  private readonly hotBeginnings = new Map<string, number>();
  private readonly knownBeginnings = new Set<string>();
  private readonly hotWords: ReadonlySet<string>;

  constructor(private readonly options: FusionOptions) {
    this.hotWords = new Set((options.hotWords ?? []).flatMap((phrase) => phrase.split(" ")).filter(Boolean));
    for (const word of this.hotWords) {
      for (const beginning of beginningsOf(word)) {
        const share = beginning.length / word.length;
        this.hotBeginnings.set(beginning, Math.max(share, this.hotBeginnings.get(beginning) ?? 0));
      }
    }
    if (!options.model) return;
    for (const word of [...options.model.words(), ...this.hotWords]) {
      for (const beginning of beginningsOf(word)) this.knownBeginnings.add(beginning);
    }
  }

  /** The words before the first. */
  readonly start: readonly string[] = [START_OF_SENTENCE];

  /** The most that a hypothesis gains by a letter. */
  get mostGain(): number {
    const { model, beta = 1.5, hotWordBoost = 10 } = this.options;
    return (model ? Math.max(0, beta) : 0) + (this.hotWords.size > 0 ? Math.max(0, hotWordBoost) : 0);
  }

  /** What counts of a context when a word has followed it. */
  after(context: readonly string[], word: string): readonly string[] {
    const kept = (this.options.model?.order ?? 1) - 1;
    return kept === 0 ? [] : [...context, word].slice(-kept);
  }

  /** For a whole word. */
  word(context: readonly string[], word: string): number {
    const { model, beta = 1.5, unknownWordPenalty = 10, hotWordBoost = 10 } = this.options;
    const isHot = this.hotWords.has(word);
    const boost = isHot ? hotWordBoost : 0;
    if (!model) return boost;
    const penalty = isHot || model.has(word) ? 0 : unknownWordPenalty;
    return boost + this.weighted(model, context, word) + beta - penalty;
  }

  /** For what a word has of letters so far: gone again when the word is complete. */
  beginning(letters: string): number {
    const { model, unknownWordPenalty = 10, hotWordBoost = 10 } = this.options;
    if (letters === "") return 0;
    const boost = this.hotWords.size > 0 ? hotWordBoost * (this.hotBeginnings.get(letters) ?? 0) : 0;
    const isUnknown = model && !this.knownBeginnings.has(letters);
    return isUnknown ? boost - unknownWordPenalty : boost;
  }

  /** For the end after the last word. */
  end(context: readonly string[]): number {
    const { model } = this.options;
    return model ? this.weighted(model, context, END_OF_SENTENCE) : 0;
  }

  private weighted(model: NgramModel, context: readonly string[], word: string): number {
    return (this.options.alpha ?? 0.5) * Math.LN10 * model.logProbability(context, word);
  }
}

function beginningsOf(word: string): string[] {
  const letters = [...word];
  return letters.map((_, i) => letters.slice(0, i + 1).join(""));
}
