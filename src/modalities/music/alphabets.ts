import type { Alphabet } from "../../features/music/alphabet.js";
import { choraleAlphabet } from "../../features/music/chorale-words.js";
import { remiAlphabet } from "../../features/music/remi.js";

/** How a recipe, or a model's config, spells music. */
export function alphabetOf(name: string): Alphabet | undefined {
  return alphabets.find((alphabet) => alphabet.name === name);
}

const alphabets: readonly Alphabet[] = [choraleAlphabet, remiAlphabet];
