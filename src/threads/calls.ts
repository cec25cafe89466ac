import { MessageChannel, type MessagePort, parentPort } from "node:worker_threads";
import { createFailure, type Failure } from "./failure.js";
import { startThread } from "./start-thread.js";

interface Call<Question> {
  readonly question: Question;
  readonly port: MessagePort;
}

/**
 * Starts a thread as `startThread` does, on a module that calls `answerCalls`, and gives what asks it. What is asked after
 * the thread has ended, or while it does, is rejected, as by `unless`. The thread keeps no process alive that waits for no
 * answer.
 */
export function startCalls<Question, Answer>(
  module: string,
  caller: string,
  data: unknown,
): (question: Question, unless?: Failure) => Promise<Answer> {
  const thread = startThread(module, caller, data);
  thread.unref();
  const ended = createFailure();
  thread.once("error", ended.fail);
  thread.once("exit", (code) => ended.fail(new Error(`exit code ${code}`)));
  return (question, unless) => {
    const { port1: own, port2: port } = new MessageChannel();
    const answered = new Promise<Answer>((resolve) => own.once("message", resolve));
    thread.postMessage({ question, port } satisfies Call<Question>, [port]);
    const waiting = ended.guard(answered);
    return (unless?.guard(waiting) ?? waiting).finally(() => own.close());
  };
}

/** In the thread: gives each question its answer. What `answer` throws ends the thread. */
export function answerCalls<Question, Answer>(answer: (question: Question) => Promise<Answer>): void {
  parentPort!.on("message", async ({ question, port }: Call<Question>) => {
    port.postMessage(await answer(question));
  });
}
