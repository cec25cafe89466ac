/** Music as notes on a time that is counted in ticks of a quarter note, whatever file it came from. */

/** One note. Times are whole ticks. */
export interface Note {
  readonly start: number;
  /** Greater than `start`. */
  readonly end: number;
  /** 0 to 127; 60 is the C in the middle of a piano. Of drums: which one. */
  readonly pitch: number;
  /** 1 to 127. */
  readonly velocity: number;
  /** The instrument of General MIDI, 0 to 127. */
  readonly program: number;
  readonly isDrum: boolean;
}

/** How fast it goes from a tick on. */
export interface Tempo {
  readonly tick: number;
  /** Quarter notes a minute. */
  readonly beatsPerMinute: number;
}

/** How bars are counted from a tick on. */
export interface TimeSignature {
  readonly tick: number;
  readonly numerator: number;
  /** A power of two. */
  readonly denominator: number;
}

/** A piece of music. */
export interface Score {
  readonly ticksPerBeat: number;
  /** In the order of start, then program, then pitch. */
  readonly notes: readonly Note[];
  /** In order; the first at tick 0. */
  readonly tempos: readonly Tempo[];
  /** In order; the first at tick 0. */
  readonly timeSignatures: readonly TimeSignature[];
}
