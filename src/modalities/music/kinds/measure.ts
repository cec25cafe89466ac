/** How well a music model predicts pieces of its run. */
import { EvaluationError } from "../../../evaluation/errors.js";
import { compileScorer } from "../../../evaluation/log-likelihood.js";
import { type NoteLoss, noteLoss } from "../../../evaluation/music/note-loss.js";
import type { SavedModel } from "../../../interop/model-folder.js";
import type { Named, Output, Surroundings } from "../../modality.js";
import { ngramLoss } from "../ngram-loss.js";
import type { SplitName } from "../pieces.js";
import { wordsOf } from "../prepared.js";
import type { Measuring } from "./options.js";
import { noteIds, preparedOf } from "./prepared-of.js";

/** Throws `EvaluationError` for a model without a run whose pieces it can be measured on. */
export async function* measureNotes(
  named: Named<SavedModel>,
  { split, ngrams }: Measuring,
  around: Surroundings,
): AsyncGenerator<Output> {
  const prepared = await preparedOf(named);
  const { model, weights } = await named.open();
  const { alphabet, tokenizer } = prepared;
  const { pieces } = prepared[split];
  if (pieces.length === 0) throw nothingIn(named.name, split);
  const scorer = await compileScorer(around.runtime, model, weights);
  const isNote = noteIds(prepared);
  const loss = await noteLoss(
    scorer,
    (async function* () {
      for (const piece of pieces) {
        around.signal?.throwIfAborted();
        yield await wordsOf(prepared[split], piece);
      }
    })(),
    (id) => isNote.has(id),
    (done) => around.onProgress?.("pieces", done, pieces.length),
  );
  await scorer.release();
  const baseline = ngrams === undefined ? undefined : await ngramLoss(prepared, split, ngrams);
  yield {
    kind: "figures",
    figures: {
      metric: "notes",
      split,
      alphabet: alphabet.name,
      vocabulary: tokenizer.vocabSize,
      ...loss,
      baseline,
    },
    text: inWords(split, alphabet.name, loss, ngrams, baseline),
  };
}

function nothingIn(name: string, split: SplitName): EvaluationError {
  return new EvaluationError(
    "the run has no pieces of this split",
    `--split ${split} of ${name}`,
    "choose another one, or train with a greater data.validationFraction",
  );
}

function inWords(split: string, alphabet: string, loss: NoteLoss, order?: number, baseline?: number): string {
  const { perNote, perNoteOfPieces, perWord, notes, words, pieces } = loss;
  const losses =
    alphabet === "chorales"
      ? `${perNote.toFixed(4)} nats a note (mean of pieces ${perNoteOfPieces.toFixed(4)}, four notes ${(4 * perNote).toFixed(3)}), ${perWord.toFixed(4)} a word`
      : `${perWord.toFixed(4)} nats a word`;
  const beside =
    baseline === undefined ? "" : `; ${order}-grams of the same words ${baseline.toFixed(4)} a word`;
  return `${losses}${beside}, over ${notes} notes and ${words} words of ${pieces} pieces (${split})`;
}
