/**
 * BEST-RQ (Chiu et al. 2022): spans of frames are hidden, and what is learned is to tell the codes that a
 * random-projection quantiser gave them; the loss is over hidden frames alone. Targets are fixed before training, so
 * they cannot collapse. Departure: a learned vector stands for a hidden frame, as in wav2vec 2.0, and not noise of
 * deviation 0.1, which the norm that the encoder begins with makes as loud as speech.
 */
import type { Tensor, TensorType } from "../core/graph/tensor.js";
import { cast, div, exp, log, maximum, mul, neg } from "../core/ops/elementwise.js";
import { scatterAdd } from "../core/ops/gather.js";
import { equal } from "../core/ops/logic.js";
import { gemm } from "../core/ops/matmul.js";
import { reshape, sum, transpose, zeros } from "../core/ops/movement.js";
import { softmax } from "../core/ops/normalise.js";
import { argmax, max, mean } from "../core/ops/reduce.js";
import { slice, stack } from "../core/ops/slice.js";
import type { RandomStream } from "../core/random.js";
import type { CodePredictor } from "../models/code-predictor.js";
import { flattenTokens } from "../models/shapes.js";
import { ObjectiveError } from "./errors.js";
import { tokenLosses } from "./next-token.js";
import { validUpTo } from "./padded-objective.js";
import {
  framesOf,
  type SpeechBatch,
  type SpeechBatchShape,
  type SpeechObjective,
} from "./speech-objective.js";
import { drawKeep, keepOf, type StochasticDepthOptions } from "./stochastic-depth.js";

/** What is hidden. */
export interface SpanOptions {
  /** Frames of a span; spans may overlap. */
  readonly spanLength: number;
  /** How often a span starts at a frame. */
  readonly startProbability: number;
}

/** What is hidden, and how many codes there are to tell. */
export interface BestRqOptions extends SpanOptions, StochasticDepthOptions {
  readonly numCodes: number;
  readonly numCodebooks: number;
}

/** Where spans lie in a recording of so many frames: 1 for a hidden frame. Chance may hide none. */
export function drawSpans(
  frames: number,
  { spanLength, startProbability }: SpanOptions,
  random: RandomStream,
): Uint8Array {
  const hidden = new Uint8Array(frames);
  for (let frame = 0; frame < frames; frame++) {
    if (random.uniform() < startProbability) hidden.fill(1, frame, frame + spanLength);
  }
  return hidden;
}

/**
 * The mean over frames and codebooks of -log softmax(head h)[code], where codes, int64 [k, b, t], are not negative.
 * To log, as means over codebooks: how often the likeliest code is right (`accuracy`), how often the batch's most
 * frequent code would be (`mostFrequent`), and e^entropy of the codes (`codesUsed`) and of the mean prediction
 * (`codesPredicted`), which is about how many there are in use.
 */
export function codeLoss(hidden: Tensor<"b t c">, heads: readonly Tensor<"v c">[], codes: Tensor<"k b t">) {
  const rows = flattenTokens(transpose(hidden, [1, 0, 2]));
  const [, batch, time] = codes.shape;
  const each = heads.map((head, i) => {
    const own = slice(codes, 0, i, i + 1);
    return ofCodebook(rows, head, reshape<"b t">(own, [batch, time]));
  });
  const over = (name: keyof CodebookLoss) => mean<"">(stack(each.map((one) => one[name])));
  return {
    loss: over("loss"),
    metrics: {
      accuracy: over("accuracy"),
      mostFrequent: over("mostFrequent"),
      codesUsed: over("codesUsed"),
      codesPredicted: over("codesPredicted"),
    },
  };
}

type CodebookLoss = ReturnType<typeof ofCodebook>;

function ofCodebook(rows: Tensor<"n c">, head: Tensor<"v c">, codes: Tensor<"b t">) {
  const { losses, weight } = tokenLosses(rows, head, codes);
  const labels = reshape<"n">(transpose(codes), weight.shape);
  const count = maximum(sum<"">(weight), 1);
  const share = (x: Tensor): Tensor => div(x, count);
  const logits = gemm<"n v">(rows, head, { transB: true }); // one node with that of the losses
  const used = share(scatterAdd(zeros<"v">([head.shape[0]], rows.dtype), maximum(labels, 0), weight));
  const predicted = share(gemm(reshape(weight, [1, weight.size]), softmax(logits)));
  return {
    loss: share(sum(mul(losses, weight))),
    accuracy: share(sum(cast(equal(argmax<"n">(logits, 1), labels), rows.dtype))),
    mostFrequent: max<"">(used),
    codesUsed: perplexity(used),
    codesPredicted: perplexity(predicted),
  };
}

/** e^entropy of shares. */
function perplexity(shares: Tensor): Tensor<""> {
  return exp(neg(sum<"">(mul(shares, log(maximum(shares, 1e-30))))));
}

/**
 * BEST-RQ as training asks for it: batches of `features`, of `valid` and of `masked` frames, of `codes`, int64
 * [k, b, t], of the masked (-1 elsewhere), and of what layers it shall `keep`. `complete` throws `ObjectiveError` for a
 * batch without codes.
 */
export function bestRq({
  numCodes,
  numCodebooks,
  ...options
}: BestRqOptions): SpeechObjective<CodePredictor> {
  const evaluated = (shape: SpeechBatchShape): Record<string, TensorType> => ({
    ...framesOf(shape),
    masked: framesOf(shape).valid,
    codes: { dtype: "int64", shape: [numCodebooks, shape.batchSize, shape.frames] },
  });
  return {
    batch: (shape) => ({ ...evaluated(shape), ...keepOf(options, shape) }),
    evaluated,
    complete(batch, shape, streams) {
      const masked = new Float32Array(shape.batchSize * shape.frames);
      for (const [row, frames] of batch.frames.entries()) {
        masked.set(drawSpans(frames, options, streams[row]), row * shape.frames);
      }
      return {
        features: batch.features,
        valid: validUpTo(batch.frames, shape.frames),
        masked,
        codes: codesOfMasked(batch, masked, shape, numCodebooks),
        ...drawKeep(options, streams),
      };
    },
    loss(model, p, { features, valid, masked, codes, keep }) {
      if (model.numCodes !== numCodes || model.numCodebooks !== numCodebooks) {
        throw new ObjectiveError(
          "the model and its objective differ in codes",
          `${model.numCodebooks} x ${model.numCodes} and ${numCodebooks} x ${numCodes}`,
          "give both the same numCodebooks and numCodes",
        );
      }
      const heads = Array.from({ length: numCodebooks }, (_, codebook) => model.head(p, codebook));
      return codeLoss(model.hidden(p, features, { valid, masked, keep }), heads, codes);
    },
    counts: "hidden frames",
    count: ({ codes }) => codes.filter((code) => code >= 0).length / numCodebooks,
  };
}

/** The codes [k, b, t] of masked frames [b, t], -1 elsewhere. */
function codesOfMasked(
  { codes }: SpeechBatch,
  masked: Float32Array,
  { batchSize, frames }: SpeechBatchShape,
  numCodebooks: number,
): Int32Array {
  if (codes?.length !== masked.length * numCodebooks) {
    throw new ObjectiveError(
      "a batch lacks the codes that its hidden frames are told by",
      `${codes?.length ?? "no"} codes for ${batchSize} x ${frames} frames and ${numCodebooks} codebooks`,
      "give each frame its codes, as randomProjectionQuantiser has them",
    );
  }
  const targets = new Int32Array(codes.length).fill(-1);
  for (let codebook = 0; codebook < numCodebooks; codebook++) {
    for (const [place, mark] of masked.entries()) {
      if (mark === 1) targets[codebook * masked.length + place] = codes[place * numCodebooks + codebook];
    }
  }
  return targets;
}
