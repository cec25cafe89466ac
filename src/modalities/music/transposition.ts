import type { Alphabet } from "../../features/music/alphabet.js";
import type { Barred } from "./pieces.js";

/** Of each kind of word with a pitch the lowest and highest, by what stands before the pitch: `Soprano`, or `Pitch`. */
export type VoiceRanges = ReadonlyMap<string, readonly [lowest: number, highest: number]>;

/** The ranges that voices have in some pieces. */
export function voiceRanges(alphabet: Alphabet, pieces: readonly Barred[]): VoiceRanges {
  const ranges = new Map<string, [number, number]>();
  for (const word of new Set(pieces.flatMap(({ bars }) => bars.flat()))) {
    const found = pitchOf(alphabet, word);
    if (!found) continue;
    const [voice, pitch] = found;
    const [lowest, highest] = ranges.get(voice) ?? [pitch, pitch];
    ranges.set(voice, [Math.min(lowest, pitch), Math.max(highest, pitch)]);
  }
  return ranges;
}

/** How many semitones a piece may go down and up, at most `most`, so that its voices stay in their ranges. */
export function semitonesOf(
  alphabet: Alphabet,
  piece: Barred,
  ranges: VoiceRanges,
  most: number,
): { readonly down: number; readonly up: number } {
  let [down, up] = [most, most];
  for (const [voice, [lowest, highest]] of voiceRanges(alphabet, [piece])) {
    const [least, greatest] = ranges.get(voice) ?? [lowest, highest];
    down = Math.max(0, Math.min(down, lowest - least));
    up = Math.max(0, Math.min(up, greatest - highest));
  }
  return { down, up };
}

/** The voice and pitch of a word that changes when it is transposed. */
function pitchOf(alphabet: Alphabet, word: string): readonly [string, number] | undefined {
  if (alphabet.transposed(word, 1) === word) return undefined;
  const [voice, pitch] = word.split("_");
  return [voice, Number(pitch)];
}

/** For each number of semitones from -most to most the ids that ids become; a word without such a pitch stays. */
export function transpositions(
  words: readonly (string | undefined)[],
  alphabet: Alphabet,
  most: number,
): (semitones: number) => Int32Array {
  const idOf = new Map(words.map((word, id) => [word, id]));
  const tables = new Map<number, Int32Array>();
  for (let semitones = -most; semitones <= most; semitones++) {
    const moved = words.map((word, id) =>
      word === undefined ? id : (idOf.get(alphabet.transposed(word, semitones)) ?? id),
    );
    tables.set(semitones, Int32Array.from(moved));
  }
  return (semitones) => tables.get(semitones)!;
}
