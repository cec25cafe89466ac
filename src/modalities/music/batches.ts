/** What a run on music learns from: rows of words, transposed, some with bars to fill in told at the end. */
import { permuted, type RandomStream, randomStream } from "../../core/random.js";
import { IGNORED_TARGET, tokenWindows, windowsPerEpoch } from "../../data/text/batches.js";
import type { Batch, TrainingData } from "../../data/training-data.js";
import { infillWords } from "../../features/music/music-tokenizer.js";
import type { MusicSplit, PieceEntry, PreparedMusic } from "./prepared.js";
import type { MusicRecipe } from "./recipe.js";
import { transpositions } from "./transposition.js";

/** Of a row's bars, at most so many are left to fill in. */
const mostFilled = 0.5;

/** Batches as pure functions of the recipe's seed and their number. */
export function musicBatches(
  { train, validation, alphabet, tokenizer }: PreparedMusic,
  { features, training }: MusicRecipe,
  contextLength: number,
): TrainingData {
  const { batchSize, seed } = training;
  const moved = transpositions(
    Array.from({ length: tokenizer.vocabSize }, (_, id) => tokenizer.idToToken(id)),
    alphabet,
    features.transpose,
  );
  const [prefix, suffix, middle] = [infillWords.prefix, infillWords.suffix, infillWords.middle].map(
    (word) => tokenizer.tokenToId(word)!,
  );
  const end = tokenizer.endOfText!;
  const bar = tokenizer.tokenToId(alphabet.barWord)!;
  const windows = windowsPerEpoch(train.words, contextLength);
  const splits = { train: train.words, validation: validation.words };
  const windowed = tokenWindows(splits, { batchSize, contextLength }, seed);

  /** A row of words from the beginning of a bar or piece on, its pieces each transposed. */
  async function rowAt(drawn: number, random: RandomStream): Promise<Int32Array> {
    const epoch = Math.floor(drawn / windows);
    const window = permuted(drawn % windows, windows, seed, "music order", epoch);
    const slack = train.words.tokenCount - 1 - windows * contextLength;
    const phase = randomStream(seed, "music phase", epoch).integer(slack + 1);
    const from = startOf(await around(train, phase + window * contextLength, contextLength));
    const row = new Int32Array(Math.min(contextLength + 1, train.words.tokenCount - from));
    await train.words.read(from, row);
    for (const { start, length, down, up } of piecesIn(train.pieces, from, from + row.length)) {
      const table = moved(random.integer(down + up + 1) - down);
      const last = Math.min(start + length, from + row.length) - from;
      for (let i = Math.max(start - from, 0); i < last; i++) row[i] = table[row[i]];
    }
    return row;
  }

  /** The beginning of a bar or piece that is nearest before a place, within a context. */
  function startOf({ ids, at }: { readonly ids: Int32Array; readonly at: number }): number {
    let i = ids.length - 1;
    while (i > 0 && ids[i] !== bar && ids[i] !== end) i--;
    return at + i;
  }

  /** Some bars of a row's first piece are told last, after what stands around them. */
  function withGap(row: Int32Array, random: RandomStream): Int32Array {
    const begin = row[0] === end ? 1 : 0;
    const stop = row.indexOf(end, begin);
    const whole = row.subarray(begin, stop < 0 ? contextLength - 3 : Math.min(stop, contextLength - 3));
    const starts = Array.from(whole.keys()).filter((i) => whole[i] === bar);
    if (starts.length < 3) return row;
    const count = 1 + random.integer(Math.max(1, Math.floor(starts.length * mostFilled)));
    const first = random.integer(starts.length - count); // the last bar may be cut short and stays
    const [from, to] = [starts[first], starts[first + count]];
    return Int32Array.from([
      ...[prefix, ...whole.subarray(0, from)],
      ...[suffix, ...whole.subarray(to)],
      ...[middle, ...whole.subarray(from, to)],
      end,
    ]);
  }

  return {
    async training(step): Promise<Batch> {
      const inputs = new Int32Array(batchSize * contextLength);
      const targets = new Int32Array(batchSize * contextLength).fill(IGNORED_TARGET);
      for (let i = 0; i < batchSize; i++) {
        const drawn = step * batchSize + i;
        const random = randomStream(seed, "music row", drawn);
        const plain = await rowAt(drawn, random);
        const row = random.uniform() < features.infill ? withGap(plain, random) : plain;
        inputs.set(row.subarray(0, -1), i * contextLength);
        targets.set(row.subarray(1), i * contextLength);
      }
      return { inputs, targets };
    },
    validation: windowed.validation,
    validationBatches: windowed.validationBatches,
  };
}

/** The words before a place, as many as a context, and where they begin. */
async function around({ words }: MusicSplit, place: number, contextLength: number) {
  const at = Math.max(0, place - contextLength);
  const ids = new Int32Array(place + 1 - at);
  await words.read(at, ids);
  return { ids, at };
}

/** Those that have words in a stretch; they lie in order. */
function piecesIn(pieces: readonly PieceEntry[], from: number, to: number): readonly PieceEntry[] {
  let [low, high] = [0, pieces.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (pieces[middle].start + pieces[middle].length <= from) low = middle + 1;
    else high = middle;
  }
  let last = low;
  while (last < pieces.length && pieces[last].start < to) last++;
  return pieces.slice(low, last);
}
