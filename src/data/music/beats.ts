import { MusicError } from "./errors.js";

/** A beat of a performance. */
export interface Beat {
  /** From the beginning of the recording or of the MIDI file. */
  readonly seconds: number;
  /** Whether a bar begins with it. */
  readonly startsBar: boolean;
}

/** The name of the file in which POP909 has a song's beats. */
export const BEAT_FILE = "beat_midi.txt";

/**
 * The beats of POP909's `beat_midi.txt` (Wang et al. 2020): a line a beat, its seconds, then 1 or 0 for the beginning of a
 * bar of two or three beats, then for that of a whole bar, which is taken.
 * @throws MusicError naming `name` for a line that is none.
 */
export function readBeats(text: string, name: string): Beat[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  return lines.map((line, i) => {
    const [seconds, , starts] = line.trim().split(/\s+/).map(Number);
    if (Number.isFinite(seconds) && (starts === 0 || starts === 1))
      return { seconds, startsBar: starts === 1 };
    throw new MusicError(
      "a beat cannot be read",
      `${name}:${i + 1}: ${line.slice(0, 40)}`,
      "give lines of seconds and two marks, 0 or 1, as POP909 has them",
    );
  });
}
