/**
 * Group relative policy optimisation (Shao et al. 2024, section 4.1): of several answers to one task those with more
 * reward than the others become likelier, the rest less likely. Departures: the answers are the model's of this very
 * step, so that the ratio of the paper is 1 and nothing is clipped; every answer is divided by the same length, or long
 * wrong ones would weigh less (Liu et al. 2025, "Understanding R1-Zero-like training", section 3); there is no penalty
 * for leaving a reference model (ibid.).
 */
import { div, maximum, mul, sub } from "../core/ops/elementwise.js";
import { sum } from "../core/ops/movement.js";
import type { Batch } from "../data/training-data.js";
import { sequenceLogLikelihood } from "./dpo.js";
import type { NextTokenOptions } from "./next-token.js";
import type { Objective } from "./objective.js";

/** How long answers can be, and how many there are to a task. */
export interface GrpoOptions extends Pick<NextTokenOptions, "chunkElements"> {
  /** Answers to one task. */
  readonly groupSize: number;
  /** Tokens of an answer at most. */
  readonly maxTokens: number;
}

/** Of a group's deviation, so that equal rewards are no division by zero. */
const epsilon = 1e-4;

/**
 * How much better each reward is than those of its group, in deviations of the group: (r - mean) / (deviation + 1e-4),
 * 0 where all are equal.
 */
export function advantagesOf(rewards: Float32Array, groupSize: number): Float32Array {
  const advantages = new Float32Array(rewards.length);
  for (let start = 0; start < rewards.length; start += groupSize) {
    const group = rewards.subarray(start, start + groupSize);
    const mean = group.reduce((total, reward) => total + reward, 0) / group.length;
    const variance = group.reduce((total, reward) => total + (reward - mean) ** 2, 0) / group.length;
    for (const [i, reward] of group.entries()) {
      advantages[start + i] = (reward - mean) / (Math.sqrt(variance) + epsilon);
    }
  }
  return advantages;
}

/**
 * A batch of b tasks holds int32 `inputs` and `targets` [b g, t], a group's answers one after the other, and float32
 * `advantages`, `rewards` and `counted` [b g]; `counted` is 0 for a row without an answer. What is evaluated is 1 less
 * the mean reward.
 */
export function grpo({ groupSize, maxTokens, ...options }: GrpoOptions): Objective {
  const each = (rows: number) => ({ dtype: "float32", shape: [rows] }) as const;
  return {
    batch: ({ batchSize, contextLength }) => {
      const rows = batchSize * groupSize;
      const ids = { dtype: "int64", shape: [rows, contextLength] } as const;
      return {
        ...{ inputs: ids, targets: ids },
        ...{ advantages: each(rows), rewards: each(rows), counted: each(rows) },
      };
    },
    loss: (predict, head, { inputs, targets, advantages, rewards, counted }, { eachLayer } = {}) => {
      const likelihood = sequenceLogLikelihood(predict(inputs), head, targets, { ...options, eachLayer }); // b g
      const answers = maximum(sum(counted), 1);
      const gained = div(sum(mul(likelihood, advantages)), mul(answers, maxTokens));
      return { loss: mul(gained, -1), metrics: { reward: div(sum(mul(rewards, counted)), answers) } };
    },
    evaluation: {
      batch: ({ batchSize }) => {
        const rows = batchSize * groupSize;
        return { rewards: each(rows), counted: each(rows) };
      },
      loss: (_predict, _head, { rewards, counted }) => {
        const reward = div(sum(mul(rewards, counted)), maximum(sum(counted), 1));
        return { loss: sub(1, reward), metrics: { reward } };
      },
    },
    counts: "answers",
    count: ({ counted }: Batch) => Float32Array.from(counted).reduce((total, one) => total + one, 0),
  };
}
