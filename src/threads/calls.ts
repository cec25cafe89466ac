import { MessageChannel, type MessagePort, parentPort } from "node:worker_threads";
import { startThread } from "./start-thread.js";

interface Call<Question> {
  readonly question: Question;
  readonly port: MessagePort;
}

/**
 * Starts a thread as `startThread` does, on a module that calls `answerCalls`, and gives what asks it. What is asked after
 * the thread has ended, or while it does, is rejected, and what `until` is waited for no longer than that. The thread keeps
 * no process alive that waits for no answer.
 */
export function startCalls<Question, Answer>(
  module: string,
  caller: string,
  data: unknown,
): (question: Question, until?: Promise<never>) => Promise<Answer> {
  const thread = startThread(module, caller, data);
  thread.unref();
  const ended = new Promise<never>((_, reject) => {
    thread.once("error", reject);
    thread.once("exit", (code) => reject(new Error(`exit code ${code}`)));
  });
  // Nobody need be asking.
  ended.catch(() => {});
  return (question, until = ended) => {
    const { port1: own, port2: port } = new MessageChannel();
    const answered = new Promise<Answer>((resolve) => own.once("message", resolve));
    thread.postMessage({ question, port } satisfies Call<Question>, [port]);
    return Promise.race([answered, ended, until]).finally(() => own.close());
  };
}

/** In the thread: gives each question its answer. What `answer` throws ends the thread. */
export function answerCalls<Question, Answer>(answer: (question: Question) => Promise<Answer>): void {
  parentPort!.on("message", async ({ question, port }: Call<Question>) => {
    port.postMessage(await answer(question));
  });
}
