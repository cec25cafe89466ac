/** What a model writes, beside pieces that it has not seen. */
import { percent } from "../../../core/quantities.js";
import { compareMusic, type MusicSetStatistics } from "../../../evaluation/music/compare-music.js";
import { type VoiceLeading, voiceLeading } from "../../../evaluation/music/voice-leading.js";
import { choraleGrid } from "../../../features/music/chorale-words.js";
import { compileDecoder } from "../../../generation/decoder-session.js";
import { compose } from "../../../generation/music/compose.js";
import type { SavedModel } from "../../../interop/model-folder.js";
import type { Named, Output, Surroundings } from "../../modality.js";
import type { SplitName } from "../pieces.js";
import { type PreparedMusic, spelled } from "../prepared.js";
import type { SampleMeasuring } from "./options.js";
import { preparedOf } from "./prepared-of.js";

/** Statistics of both, and how much of what is written was copied from what was learned. */
export async function* measureSamples(
  named: Named<SavedModel>,
  { split, count, bars, seed, ...asked }: SampleMeasuring,
  { runtime, signal, onProgress }: Surroundings,
): AsyncGenerator<Output> {
  const prepared = await preparedOf(named);
  const { alphabet } = prepared;
  const saved = await named.open();
  const session = await compileDecoder(runtime, saved.model, saved.weights);
  const given = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
  const written = await compose(session, saved.tokenizer!, alphabet, {
    ...{ temperature: 1, topP: 0.98, ...saved.generation, ...given },
    ...{ bars, count, before: [], seed, signal },
    onWords: (done) => onProgress?.("words", done),
  });
  await session.release();
  const [heldOut, learned] = [await piecesOf(prepared, split), await piecesOf(prepared, "train")];
  const scores = (pieces: readonly (readonly string[])[]) => pieces.map(alphabet.decode);
  const compared = compareMusic(scores(written), scores(heldOut), scores(learned));
  const leading = (pieces: readonly (readonly string[])[]) =>
    alphabet.name === "chorales" ? voiceLeading(oneAfterAnother(pieces)) : undefined;
  const voices = { written: leading(written), heldOut: leading(heldOut) };
  yield {
    kind: "figures",
    figures: { metric: "samples", split, bars, seed, ...compared, voiceLeading: voices },
    text: [
      `${count} pieces of ${bars} bars, and in brackets ${heldOut.length} held out (${split}), as long`,
      ...linesOf(compared.written, compared.heldOut),
      ...(voices.written && voices.heldOut ? leadingLines(voices.written, voices.heldOut) : []),
    ].join("\n"),
  };
}

function piecesOf(prepared: PreparedMusic, split: SplitName): Promise<string[][]> {
  const part = prepared[split];
  return Promise.all(part.pieces.map((piece) => spelled(prepared, part, piece)));
}

function linesOf(written: MusicSetStatistics, heldOut: MusicSetStatistics): string[] {
  const pair = (show: (of: MusicSetStatistics) => string) => `${show(written)} (${show(heldOut)})`;
  return [
    `${pair(({ notesPerBeat }) => notesPerBeat.toFixed(2))} notes a beat`,
    `${pair(({ pitchClassOverlap }) => percent(pitchClassOverlap))} of pitch classes as in what was learned`,
    `${pair(({ emptyBars }) => percent(emptyBars))} empty bars, ${pair(({ stuckBars }) => percent(stuckBars))} like the one before`,
    `${pair(({ repeated }) => percent(repeated))} of a piece in its longest repeat`,
    `${pair(({ copied }) => `${copied.mean.toFixed(1)}, at most ${copied.most}`)} notes in a row as in a piece that was learned`,
    `${pair(({ copiedTransposed: { mean, most } }) => `${mean.toFixed(1)}, at most ${most}`)} in any transposition`,
  ];
}

/** Grids with a silent step between, over which no voice moves. */
const oneAfterAnother = (pieces: readonly (readonly string[])[]): number[] =>
  pieces.flatMap((words) => [...choraleGrid(words), -1, -1, -1, -1]);

function leadingLines(written: VoiceLeading, heldOut: VoiceLeading): string[] {
  const pair = (name: keyof VoiceLeading) => `${written[name].toFixed(2)} (${heldOut[name].toFixed(2)})`;
  return [
    `by 100 beats ${pair("parallelFifths")} parallel fifths, ${pair("parallelOctaves")} octaves, ${pair("crossings")} crossings of voices`,
  ];
}
