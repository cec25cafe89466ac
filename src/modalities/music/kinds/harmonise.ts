/** Voices to a melody, and bars that are written anew. */
import { readMidi } from "../../../data/music/midi.js";
import { describeOmissions } from "../../../data/music/omissions.js";
import type { Score } from "../../../data/music/score.js";
import {
  choraleScore,
  gridOfScore,
  pitchOfSymbol,
  stepsPerBar,
  symbolOf,
  voices,
} from "../../../features/music/chorale-words.js";
import { GenerationError } from "../../../generation/errors.js";
import { compileGrid, fillGrid } from "../../../generation/music/fill-grid.js";
import type { SavedGrid } from "../../../interop/grid-folder.js";
import { kept } from "../../kept.js";
import type { InputFile, Named, Output, Surroundings, UseRequest } from "../../modality.js";
import { barsAsked, timed } from "./asked.js";
import type { Harmonising } from "./options.js";
import { render } from "./render.js";

const numVoices = voices.length;

/** Throws `GenerationError` where nothing is given, and for bars that a piece does not have. */
export async function* harmonise(
  named: Named<SavedGrid>,
  options: Harmonising,
  { ending }: NonNullable<UseRequest["wanted"]>,
  { runtime, signal, onProgress }: Surroundings,
): AsyncGenerator<Output> {
  const { harmonise: melody, from, infill, temperature, topK, topP, seed, tempo, soundfont } = options;
  const given = givenBy(melody, from, infill);
  const { score, leftOut } = given;
  const saved = await named.open();
  const session = await kept(saved, "grid", () => compileGrid(runtime, saved.model, saved.weights));
  const started = performance.now();
  const notes = await fillGrid(session, given.notes, given.hidden, {
    ...{ temperature, topK, topP, seed, signal },
    onProgress: (done, total) => onProgress?.("notes", done, total),
  });
  const seconds = (performance.now() - started) / 1000;
  const written = given.hidden.reduce((sum, flag) => sum + flag, 0);
  const whole = timed(choraleScore(Int8Array.from(notes, pitchOfSymbol)), tempo, score);
  yield { kind: "file", name: `music${ending}`, bytes: await render(whole, ending, soundfont) };
  yield {
    kind: "figures",
    figures: { written, seconds, seed, leftOut },
    remark: [`${written} notes in ${seconds.toFixed(1)} s`, ...leftOut].join("; "),
  };
}

/** What is known and what is to be written. */
function givenBy(melody: InputFile | undefined, from: InputFile | undefined, infill: string | undefined) {
  if (melody && !from && infill === undefined) {
    const { notes, ...rest } = read(melody);
    const hidden = Uint8Array.from(notes, (_, i) => Number(i % numVoices > 0));
    return { notes, hidden, ...rest };
  }
  if (from && !melody && infill !== undefined) {
    const { notes, ...rest } = read(from);
    const bars = Math.ceil(notes.length / numVoices / stepsPerBar);
    const [first, last] = barsAsked(infill, from.name, bars);
    const barOf = (i: number) => Math.floor(i / numVoices / stepsPerBar) + 1;
    const hidden = Uint8Array.from(notes, (_, i) => Number(barOf(i) >= first && barOf(i) <= last));
    return { notes, hidden, ...rest };
  }
  throw new GenerationError(
    "it is not clear what to write",
    [melody && "--harmonise", from && "--from", infill && "--infill"].filter(Boolean).join(" with ") ||
      "no melody, and no piece",
    "give --harmonise melody.mid, or --from piece.mid with --infill 9-12",
  );
}

function read({ name, bytes }: InputFile): { notes: Int32Array; score: Score; leftOut: string[] } {
  const { score, leftOut } = readMidi(bytes, name);
  const { grid, lost, notes } = gridOfScore(score);
  const dropped = lost > 0 ? [`${lost} of ${notes} notes that four voices on sixteenths cannot hold`] : [];
  return {
    notes: Int32Array.from(grid, symbolOf),
    score,
    leftOut: [...describeOmissions(leftOut), ...dropped],
  };
}
