/** How well a model predicts the words of pieces, note by note. */
import type { Scorer } from "../log-likelihood.js";
import { rollingWindows } from "../perplexity.js";

/** Losses in nats. */
export interface NoteLoss {
  /** Of all notes together: each counts the same. */
  readonly perNote: number;
  /** The mean over pieces of the mean over a piece's notes. */
  readonly perNoteOfPieces: number;
  /** Of all words, with those that are no notes. */
  readonly perWord: number;
  readonly notes: number;
  readonly words: number;
  readonly pieces: number;
}

/**
 * Each piece is read from its beginning by windows as long as the model's context, of which the second half is
 * predicted: a word has at least half a context before it, where the piece has. `isNote` says which words count as
 * notes; the first word of a piece is given.
 */
export async function noteLoss(
  scorer: Scorer,
  pieces: AsyncIterable<Int32Array>,
  isNote: (id: number) => boolean,
  onProgress?: (pieces: number) => void,
): Promise<NoteLoss> {
  const { contextLength } = scorer.model;
  const stride = Math.max(1, Math.floor(contextLength / 2));
  let [ofNotes, ofWords, ofPieces, notes, words, count] = [0, 0, 0, 0, 0, 0];
  for await (const piece of pieces) {
    let [own, ownNotes] = [0, 0];
    for (const window of rollingWindows(piece, { contextLength, stride })) {
      const { perToken } = await scorer.score(window.context, window.continuation);
      for (const [i, logProbability] of perToken.entries()) {
        ofWords -= logProbability;
        words++;
        if (!isNote(window.continuation[i])) continue;
        own -= logProbability;
        ownNotes++;
      }
    }
    ofNotes += own;
    notes += ownNotes;
    ofPieces += ownNotes > 0 ? own / ownNotes : 0;
    onProgress?.(++count);
  }
  return {
    ...{ perNote: ofNotes / notes, perNoteOfPieces: ofPieces / count, perWord: ofWords / words },
    ...{ notes, words, pieces: count },
  };
}
