/** How the voices of a setting in four parts go, each by 100 beats. */
export interface VoiceLeading {
  /** Times that a voice begins to be above the next higher one. */
  readonly crossings: number;
  /** Moves of two voices in one direction from a fifth to a fifth, octaves between them or not. */
  readonly parallelFifths: number;
  /** The same from a unison or octaves to a unison or octaves. */
  readonly parallelOctaves: number;
}

const VOICES = 4;
const STEPS_PER_BEAT = 4;
const FIFTH = 7;

/**
 * Counts in a grid of sixteenths [steps, 4], row-major, from the highest voice to the lowest, MIDI pitches and -1 for
 * silence. Voices that are silent neither cross nor move; a voice that repeats its pitch does not move.
 */
export function voiceLeading(grid: ArrayLike<number>): VoiceLeading {
  const steps = Math.floor(grid.length / VOICES);
  const per100 = (count: number) => (count * 100 * STEPS_PER_BEAT) / Math.max(1, steps);
  let [crossings, fifths, octaves] = [0, 0, 0];
  for (let step = 0; step < steps; step++) {
    const at = (voice: number, ago = 0) => (step < ago ? -1 : grid[(step - ago) * VOICES + voice]);
    for (let low = 1; low < VOICES; low++) {
      if (isCrossed(at(low - 1), at(low)) && !isCrossed(at(low - 1, 1), at(low, 1))) crossings++;
      for (let high = 0; high < low; high++) {
        const interval = parallel([at(high, 1), at(low, 1)], [at(high), at(low)]);
        if (interval === FIFTH) fifths++;
        if (interval === 0) octaves++;
      }
    }
  }
  return {
    crossings: per100(crossings),
    parallelFifths: per100(fifths),
    parallelOctaves: per100(octaves),
  };
}

function isCrossed(high: number, low: number): boolean {
  return high >= 0 && low > high;
}

type Pair = readonly [high: number, low: number];

/** The interval within an octave, in semitones, that two voices keep while both move in one direction. */
function parallel(before: Pair, after: Pair): number | undefined {
  if ([...before, ...after].some((pitch) => pitch < 0)) return undefined;
  const [high, low] = [after[0] - before[0], after[1] - before[1]];
  const intervals = [before, after].map(([a, b]) => (((a - b) % 12) + 12) % 12);
  return high * low > 0 && intervals[0] === intervals[1] ? intervals[0] : undefined;
}
