/**
 * Sequence to sequence (Sutskever et al. 2014): the mean negative log-likelihood, in nats, of each token of the target
 * given the source and the tokens before it, with smoothed labels (Szegedy et al. 2016, section 7) and dropout.
 */
import type { TensorType } from "../core/graph/tensor.js";
import { reshape } from "../core/ops/movement.js";
import type { EncoderDecoder } from "../models/encoder-decoder.js";
import { dropoutFrom, dropoutRows } from "../nn/dropout.js";
import { ObjectiveError } from "./errors.js";
import { countTokens, nextTokenLoss, perplexity } from "./next-token.js";
import { validUpTo } from "./padded-objective.js";
import type {
  SequenceBatch,
  SequenceBatchShape,
  SequenceObjective,
  SequencePair,
} from "./sequence-objective.js";

/** How targets are marked, and what keeps the model from learning pairs by heart. */
export interface SequenceToSequenceOptions {
  /** Stands behind a source, and before the first token of a target, as in T5. */
  readonly padToken: number;
  /** Ends a target. */
  readonly endToken: number;
  /** The share of a target that all tokens have equally; default 0. */
  readonly labelSmoothing?: number;
  /** How often a value is dropped out; default 0. */
  readonly dropout?: number;
  /** The model's. */
  readonly dropoutSites: number;
}

/** A target that is ignored, by custom. */
const ignored = -100;

/**
 * Tells the target. A batch holds `source` and which of its tokens are there, `sourceValid`; the target as `inputs`,
 * behind a padding token, and as `targets`, before its end; and the rows of `dropout`, see `dropoutRows`. It is evaluated
 * by hard labels and without dropout. `complete` throws `ObjectiveError` for a source without tokens and for a sequence
 * that is longer than the shape, `loss` for a model with other places to drop out at.
 */
export function sequenceToSequence(options: SequenceToSequenceOptions): SequenceObjective<EncoderDecoder> {
  const { labelSmoothing = 0, dropout: rate = 0, dropoutSites } = options;
  const by = (smoothing: number): Pick<SequenceObjective<EncoderDecoder>, "loss"> => ({
    loss(model, p, { source: ids, sourceValid: valid, inputs, targets, dropout: rows }) {
      checkSites(model, dropoutSites);
      const dropout = rows && dropoutFrom(rows, rate);
      const encoded = model.encode(p, { ids, valid }, dropout);
      const states = model.decodeAll(p, encoded, { valid }, inputs, dropout);
      // States are batch first: to the loss they are one row of tokens.
      const labels = reshape<"b t">(targets, [1, states.shape[0]]);
      const settings = { labelSmoothing: smoothing, int8Levels: p.int8Levels, eachLayer: p.eachLayer };
      return { loss: nextTokenLoss(states, model.head(p), labels, settings) };
    },
  });
  return {
    ...by(labelSmoothing),
    evaluation: by(0),
    evaluated: pairTensors,
    batch(shape) {
      const { batchSize, source, target } = shape;
      const rows = { dtype: "int64", shape: [dropoutSites, Math.max(source, target) * batchSize] } as const;
      return { ...pairTensors(shape), ...(rate > 0 ? { dropout: rows } : {}) };
    },
    complete(batch, shape, streams) {
      const rows = () => dropoutRows(dropoutSites, Math.max(shape.source, shape.target), streams);
      return { ...padPairs(batch, shape, options), ...(rate > 0 ? { dropout: rows() } : {}) };
    },
    counts: "tokens",
    count: countTokens,
    report: perplexity,
  };
}

const pairTensors = ({ batchSize, source, target }: SequenceBatchShape): Record<string, TensorType> => ({
  source: { dtype: "int64", shape: [batchSize, source] },
  sourceValid: { dtype: "float32", shape: [batchSize, source] },
  inputs: { dtype: "int64", shape: [batchSize, target] },
  targets: { dtype: "int64", shape: [batchSize, target] },
});

function padPairs(
  { pairs, count }: SequenceBatch,
  shape: SequenceBatchShape,
  { padToken, endToken }: SequenceToSequenceOptions,
) {
  for (const pair of pairs) checkPair(pair, shape);
  const sources = pairs.map(({ source }) => source);
  const lengths = sources.map(({ length }) => length);
  const inputs = pairs.map(({ target }) => [padToken, ...Array.from(target)]);
  const targets = inputs.map((ids, row) => (row < count ? [...ids.slice(1), endToken] : []));
  return {
    source: padded(sources, shape.source, padToken),
    sourceValid: validUpTo(lengths, shape.source),
    inputs: padded(inputs, shape.target, padToken),
    targets: padded(targets, shape.target, ignored),
  };
}

function checkSites({ dropoutSites: own }: EncoderDecoder, dropoutSites: number): void {
  if (own === dropoutSites) return;
  throw new ObjectiveError(
    "the model and its objective differ in places to drop out at",
    `${own} and ${dropoutSites}`,
    "give the objective the model's dropoutSites",
  );
}

function checkPair(pair: SequencePair, shape: SequenceBatchShape): void {
  const [source, target] = [pair.source.length, pair.target.length + 1];
  if (source > 0 && source <= shape.source && target <= shape.target) return;
  throw new ObjectiveError(
    source === 0 ? "a pair has nothing to read" : "a pair is longer than its batch has room for",
    `${source} tokens and ${target} with the end, room for ${shape.source} and ${shape.target}`,
    "leave such pairs out, or choose a shape with room for them",
  );
}

function padded(rows: readonly ArrayLike<number>[], length: number, filler: number): Int32Array {
  const ids = new Int32Array(rows.length * length).fill(filler);
  for (const [i, row] of rows.entries()) ids.set(row, i * length);
  return ids;
}
