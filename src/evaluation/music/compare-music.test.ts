import { expect, it } from "vitest";
import type { Score } from "../../data/music/score.js";
import { compareMusic } from "./compare-music.js";

/** Quarters in 4/4; a sixteenth is a tick. */
const melody = (pitches: readonly number[]): Score => ({
  ticksPerBeat: 4,
  notes: pitches.map((pitch, i) => ({
    ...{ start: i * 4, end: i * 4 + 4, pitch, velocity: 80, program: 0, isDrum: false },
  })),
  tempos: [{ tick: 0, beatsPerMinute: 120 }],
  timeSignatures: [{ tick: 0, numerator: 4, denominator: 4 }],
});

it("written pieces are described beside held-out ones of their length", () => {
  const tune = [60, 62, 64, 65, 67, 69, 71, 72];
  const other = [72, 60, 71, 62, 69, 64, 67, 65];
  const written = [melody(tune), melody([72, 60, 72, 60])];
  const { written: own, heldOut } = compareMusic(written, [melody([...other, ...tune])], [melody(tune)]);
  expect(own).toEqual({
    pieces: 2,
    notesPerBeat: 1,
    emptyBars: 0,
    stuckBars: 0,
    repeated: 0.125, // a quarter of the second: its low note comes twice after a quarter
    pitchClassOverlap: expect.closeTo(0.75, 12),
    copied: { mean: 4.5, most: 8 },
    copiedTransposed: { mean: 4.5, most: 8 },
  });
  // Without its second half, which is the tune.
  expect(heldOut).toMatchObject({ pieces: 1, notesPerBeat: 1, copied: { mean: 1, most: 1 } });
});

it("no pieces have no statistics that are no numbers", () => {
  const { written } = compareMusic([], [], []);
  expect(written).toMatchObject({ pieces: 0, notesPerBeat: 0, repeated: 0, copied: { mean: 0, most: 0 } });
});
