/**
 * The words of REMI (Huang and Yang 2020, "Pop Music Transformer"), under MidiTok's names. They are those of MidiTok's
 * `REMI` with this `TokenizerConfig`, in its order, without its special tokens:
 * `pitch_range=(0, 127), drums_pitch_range=(0, 127), use_pitchdrum_tokens=True, beat_res={(0, 12): 4},
 * num_velocities=32, use_tempos=True, num_tempos=43, tempo_range=(40, 250), use_programs=True,
 * one_token_stream_for_programs=True, use_time_signatures=True, remove_duplicated_notes=True,
 * time_signature_range={8: [3, 5, 6, 7, 9, 12], 4: [1, 2, 3, 4, 5, 6, 7, 8]},
 * delete_equal_successive_tempo_changes=True, delete_equal_successive_time_sig_changes=True`.
 */

/** Steps of what a time signature counts: of a quarter in 3/4, of an eighth in 6/8. */
export const stepsPerCount = 4;
/** The longest note lasts so many counts. */
export const longestCounts = 12;
/** The program that stands for drums. */
export const DRUMS = -1;
/** Each bar begins with it. */
export const BAR = "Bar_None";

const VELOCITIES = 32;
const [SLOWEST, FASTEST, TEMPO_STEP] = [40, 250, 5];
const NUMERATORS: readonly (readonly [denominator: number, numerators: readonly number[]])[] = [
  [8, [3, 5, 6, 7, 9, 12]],
  [4, [1, 2, 3, 4, 5, 6, 7, 8]],
];

/** How many counts a bar has, and of which part of a whole note. */
export interface Meter {
  readonly numerator: number;
  readonly denominator: number;
}

const meters: readonly Meter[] = NUMERATORS.flatMap(([denominator, numerators]) =>
  numerators.map((numerator) => ({ numerator, denominator })),
);
const mostCounts = Math.max(...meters.map(({ numerator }) => numerator));
const whole = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);
const pitches = whole(0, 127);
const velocities = whole(1, VELOCITIES).map((i) => Math.floor((i * 127) / VELOCITIES));
const tempos = whole(0, (FASTEST - SLOWEST) / TEMPO_STEP).map((i) => SLOWEST + i * TEMPO_STEP);

/** All words. */
export const remiWords: readonly string[] = [
  BAR,
  ...pitches.map((pitch) => `Pitch_${pitch}`),
  ...velocities.map((velocity) => `Velocity_${velocity}`),
  ...whole(1, longestCounts * stepsPerCount).map(durationWord),
  ...whole(0, mostCounts * stepsPerCount - 1).map((position) => `Position_${position}`),
  ...pitches.map((pitch) => `PitchDrum_${pitch}`),
  ...tempos.map((tempo) => `Tempo_${tempo.toFixed(1)}`),
  ...[...whole(0, 127), DRUMS].map((program) => `Program_${program}`),
  ...meters.map(meterWord),
];

/** A word's type and its value as it stands. */
export interface WordParts {
  readonly type: string;
  readonly value: string;
}

const parts = new Map(
  remiWords.map((word): [string, WordParts] => {
    const [type, value] = word.split("_");
    return [word, { type, value }];
  }),
);

/** The parts of a word; undefined for no word of REMI. */
export function partsOf(word: string): WordParts | undefined {
  return parts.get(word);
}

/** For a number of steps from 1 to the longest. */
export function durationWord(steps: number): string {
  return `Duration_${Math.floor(steps / stepsPerCount)}.${steps % stepsPerCount}.${stepsPerCount}`;
}

/** Steps of the value of a duration's word. */
export function stepsOfDuration(value: string): number {
  const [counts, steps] = value.split(".").map(Number);
  return counts * stepsPerCount + steps;
}

export function meterWord({ numerator, denominator }: Meter): string {
  return `TimeSig_${numerator}/${denominator}`;
}

/** The meter of the value of a time signature's word. */
export function meterOf(value: string): Meter {
  const [numerator, denominator] = value.split("/").map(Number);
  return { numerator, denominator };
}

/** The meter among the words with bars as long: itself, or 4/4 for 2/2; undefined where there is none. */
export function wordedMeter({ numerator, denominator }: Meter): Meter | undefined {
  const isSame = (meter: Meter) => meter.numerator === numerator && meter.denominator === denominator;
  const isAsLong = (meter: Meter) => meter.numerator * denominator === numerator * meter.denominator;
  return meters.find(isSame) ?? meters.findLast(isAsLong);
}

/** The nearest velocity that has a word, of two the louder. */
export function velocityWord(velocity: number): string {
  return `Velocity_${velocities.reduce((best, v) => (Math.abs(v - velocity) <= Math.abs(best - velocity) ? v : best))}`;
}

/** The nearest tempo that has a word, by the length of a beat. */
export function tempoWord(beatsPerMinute: number): string {
  const distance = (tempo: number) => Math.abs(1 / tempo - 1 / beatsPerMinute);
  return `Tempo_${tempos.reduce((best, t) => (distance(t) < distance(best) ? t : best)).toFixed(1)}`;
}

/** Whether a tempo lies in the words' range. */
export function isWordedTempo(beatsPerMinute: number): boolean {
  return beatsPerMinute >= SLOWEST - TEMPO_STEP / 2 && beatsPerMinute <= FASTEST + TEMPO_STEP / 2;
}
