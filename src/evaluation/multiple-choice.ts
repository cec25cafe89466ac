/**
 * Multiple choice by likelihood, as lm-evaluation-harness defines it (`ConfigurableTask.process_results` for
 * `multiple_choice` in `lm_eval/api/task.py`): each choice follows the context and a space, and the likeliest
 * counts as the answer.
 */
import type { Tokenizer } from "../features/tokenizer/tokenizer.js";
import { encodePair } from "./encode-pair.js";
import { EvaluationError } from "./errors.js";
import { inGroups } from "./groups.js";
import type { Score, Scorer } from "./log-likelihood.js";
import type { Question } from "./questions.js";

/** Questions that are scored together. */
const questionsAtOnce = 32;

export interface MultipleChoiceResult {
  readonly questions: number;
  /** Share of questions whose right choice has the largest log-likelihood. */
  readonly acc: number;
  /** Standard error of the mean; null for one question. */
  readonly accStderr: number | null;
  /** Share of questions whose right choice has the largest log-likelihood a character (not a byte, not a token). */
  readonly accNorm: number;
  readonly accNormStderr: number | null;
  /** Questions whose context was cut at its start to fit the model's. */
  readonly truncated: number;
}

/**
 * Throws `EvaluationError` when there are no questions or one cannot be scored, naming its source.
 * `onProgress` is told the number of questions answered so far.
 */
export async function evaluateMultipleChoice(
  scorer: Pick<Scorer, "scoreAll">,
  tokenizer: Tokenizer,
  questions: AsyncIterable<Question>,
  onProgress?: (answered: number) => void,
): Promise<MultipleChoiceResult> {
  const answers: Answer[] = [];
  for await (const group of inGroups(questions, questionsAtOnce)) {
    const pairs = group.flatMap(({ context, choices, source }) =>
      choices.map((choice) => encodePair(tokenizer, context, ` ${choice}`, source)),
    );
    const scores = await scorer.scoreAll(pairs);
    for (const question of group) answers.push(judge(question, scores.splice(0, question.choices.length)));
    onProgress?.(answers.length);
  }
  if (answers.length === 0) {
    throw new EvaluationError("there are no questions", "none in the files", "give rows with questions");
  }
  const [acc, accStderr] = meanAndError(answers.map((answer) => answer.isRight));
  const [accNorm, accNormStderr] = meanAndError(answers.map((answer) => answer.isRightByLength));
  const truncated = answers.filter((answer) => answer.isTruncated).length;
  return { questions: answers.length, acc, accStderr, accNorm, accNormStderr, truncated };
}

interface Answer {
  readonly isRight: boolean;
  readonly isRightByLength: boolean;
  readonly isTruncated: boolean;
}

function judge({ choices, gold }: Question, scores: readonly Score[]): Answer {
  const likelihoods = scores.map((score) => score.logLikelihood);
  // Python's len counts code points, and so does spreading.
  const byLength = likelihoods.map((likelihood, i) => likelihood / [...choices[i]].length);
  return {
    isRight: firstLargest(likelihoods) === gold,
    isRightByLength: firstLargest(byLength) === gold,
    isTruncated: scores.some((score) => score.isTruncated),
  };
}

const firstLargest = (values: readonly number[]) => values.indexOf(Math.max(...values));

/** The share that is true, and its standard error with n - 1 degrees of freedom. */
function meanAndError(outcomes: readonly boolean[]): [number, number | null] {
  const mean = outcomes.filter(Boolean).length / outcomes.length;
  return [mean, outcomes.length < 2 ? null : Math.sqrt((mean * (1 - mean)) / (outcomes.length - 1))];
}
