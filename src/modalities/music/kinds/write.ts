/** Music from a model, as MIDI, as sound or as a picture. */
import { readMidi } from "../../../data/music/midi.js";
import { describeOmissions } from "../../../data/music/omissions.js";
import type { Score } from "../../../data/music/score.js";
import type { Alphabet } from "../../../features/music/alphabet.js";
import { compileDecoder } from "../../../generation/decoder-session.js";
import { GenerationError } from "../../../generation/errors.js";
import { compose } from "../../../generation/music/compose.js";
import { CheckpointError } from "../../../interop/errors.js";
import type { SavedModel } from "../../../interop/model-folder.js";
import { kept } from "../../kept.js";
import type { InputFile, Named, Output, Surroundings, UseRequest } from "../../modality.js";
import { alphabetOf } from "../alphabets.js";
import { barsAsked, timed } from "./asked.js";
import type { Composing } from "./options.js";
import { render } from "./render.js";

/** Bars to write where neither a flag nor the recipe says otherwise. */
export const usualBars = 8;

/** Throws `GenerationError` for options that do not go together, and bars that a piece does not have. */
export async function* writeMusic(
  named: Named<SavedModel>,
  options: Composing,
  { ending, each }: NonNullable<UseRequest["wanted"]>,
  { runtime, signal, onProgress }: Surroundings,
): AsyncGenerator<Output> {
  const saved = await named.open();
  const { count, seed, tempo, from, infill, soundfont, bars: asked, ...sampling } = options;
  const alphabet = alphabetIn(saved, named.name);
  if (count > 1 && !each) throw severalInOne(count);
  const given = from && barsOf(from, alphabet);
  const { bars, before, after } = partsOf(given?.bars ?? [], { from, infill, bars: asked });
  const session = await kept(saved, "decoder", () => compileDecoder(runtime, saved.model, saved.weights));
  const started = performance.now();
  const pieces = await compose(session, saved.tokenizer!, alphabet, {
    ...{ temperature: 1, topP: 0.98, ...saved.generation },
    ...Object.fromEntries(Object.entries(sampling).filter(([, value]) => value !== undefined)),
    ...{ bars, count, before, after, seed, signal },
    onWords: (done) => onProgress?.("words", done),
  });
  const seconds = (performance.now() - started) / 1000;
  const words = pieces.reduce((sum, piece) => sum + piece.length, 0);
  for (const [i, piece] of pieces.entries()) {
    const score = timed(alphabet.decode(piece), tempo, given?.score);
    const number = String(i + 1).padStart(String(count).length, "0");
    const name = each ? `${number}${ending}` : `music${ending}`;
    yield { kind: "file", name, bytes: await render(score, ending, soundfont) };
  }
  const remarks = [`${bars} bars in ${seconds.toFixed(1)} s`, ...(given?.leftOut ?? [])];
  yield {
    kind: "figures",
    figures: { bars, count, words, seconds, seed, leftOut: given?.leftOut ?? [] },
    remark: remarks.join("; "),
  };
}

function alphabetIn({ music = "", tokenizer }: SavedModel, name: string): Alphabet {
  const alphabet = alphabetOf(music);
  if (alphabet && tokenizer) return alphabet;
  throw new CheckpointError(
    "the model spells music in a way that is not known here",
    `music ${JSON.stringify(music)}${tokenizer ? "" : ", and no tokenizer"} in ${name}`,
    "use a model that this version trained",
  );
}

interface GivenPiece {
  readonly score: Score;
  readonly bars: readonly (readonly string[])[];
  readonly leftOut: readonly string[];
}

function barsOf({ name, bytes }: InputFile, alphabet: Alphabet): GivenPiece {
  const { score, leftOut } = readMidi(bytes, name);
  const worded = alphabet.encode(score);
  return { score, bars: worded.bars, leftOut: [...describeOmissions(leftOut), ...worded.leftOut] };
}

/** What stands around the bars to write. */
function partsOf(
  given: GivenPiece["bars"],
  { from, infill, bars = usualBars }: Pick<Composing, "from" | "infill" | "bars">,
) {
  if (bars === 0 && (!from || infill !== undefined)) throw nothingAsked();
  if (infill === undefined) return { bars, before: given, after: undefined };
  if (!from) {
    throw new GenerationError(
      "there is nothing to fill bars into",
      `--infill ${infill} without --from`,
      "add --from piece.mid",
    );
  }
  const [first, last] = barsAsked(infill, from.name, given.length);
  return { bars: last - first + 1, before: given.slice(0, first - 1), after: given.slice(last) };
}

function severalInOne(count: number): GenerationError {
  return new GenerationError(
    "several pieces do not fit into one file",
    `--count ${count}`,
    "give a folder: --out pieces/",
  );
}

function nothingAsked(): GenerationError {
  return new GenerationError(
    "there is nothing to write",
    "--bars 0",
    "give more bars; or with --from alone, to have a piece in another form",
  );
}
