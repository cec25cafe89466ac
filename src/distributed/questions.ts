/** Calls of a thread that speaks with other ranks: as `threads/calls.ts` has them, with what goes wrong among ranks. */
import { answerCalls, startCalls } from "../threads/calls.js";
import type { Failure } from "../threads/failure.js";
import { RankError } from "./errors.js";

/** What was asked for, or what went wrong. */
type Answer =
  | { readonly value: unknown }
  | { readonly failed: Pick<RankError, "what" | "values" | "advice"> };

/** Starts the thread and gives what asks it; throws the `RankError`s that the thread throws. */
export function startQuestions<Question>(
  module: string,
  caller: string,
  data: unknown,
): <T>(question: Question, unless?: Failure) => Promise<T> {
  const call = startCalls<Question, Answer>(module, caller, data);
  return async <T>(question: Question, unless?: Failure) => {
    const answer = await call(question, unless);
    if ("value" in answer) return answer.value as T;
    const { what, values, advice } = answer.failed;
    throw new RankError(what, values, advice);
  };
}

/** In the thread: gives each question its answer. */
export function answerQuestions<Question>(answer: (question: Question) => Promise<unknown>): void {
  answerCalls<Question, Answer>(async (question) => {
    try {
      return { value: await answer(question) };
    } catch (error) {
      if (!(error instanceof RankError)) throw error;
      const { what, values, advice } = error;
      return { failed: { what, values, advice } };
    }
  });
}
