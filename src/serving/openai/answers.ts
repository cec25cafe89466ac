/** The answers of one request: each waits for its place, is written by the engine, and is watched. */
import type { GenerationEvent, GenerationRequest, TokenReport } from "../engine/engine.js";
import type { Service } from "./service.js";

/**
 * Writes all answers side by side and hands on their events, each answer's in order. When one fails, or the
 * client goes away, all end. Throws what ended them.
 */
export function writeAnswers(
  { engine, admission, metrics }: Service,
  requests: readonly GenerationRequest[],
  client: AbortSignal,
  onEvent: (index: number, event: GenerationEvent) => unknown,
): Promise<void> {
  return admission.visit(requests.length, client, async ({ signal, turn, abort }) => {
    const write = async (request: GenerationRequest, index: number) => {
      const watch = metrics.answer();
      const leave = await turn();
      try {
        for await (const event of engine.generate(request, signal)) {
          watch(event);
          await onEvent(index, event);
        }
      } catch (error) {
        abort(error);
      } finally {
        leave();
      }
    };
    await Promise.allSettled(requests.map(write));
    signal.throwIfAborted();
  });
}

/** An answer that is complete. */
export interface Answer {
  text: string;
  readonly tokens: TokenReport[];
  finishReason: "stop" | "length";
  completionTokens: number;
  cachedTokens?: number;
}

/** As `writeAnswers`; gives the answers when all are complete. */
export async function wholeAnswers(
  service: Service,
  requests: readonly GenerationRequest[],
  client: AbortSignal,
): Promise<Answer[]> {
  const answers = requests.map((): Answer => {
    return { text: "", tokens: [], finishReason: "length", completionTokens: 0 };
  });
  await writeAnswers(service, requests, client, (index, event) => {
    const answer = answers[index];
    if (event.kind === "text") {
      answer.text += event.text;
      answer.tokens.push(...event.tokens);
    } else {
      answer.finishReason = event.finishReason;
      answer.completionTokens = event.completionTokens;
      answer.cachedTokens = event.cachedTokens;
    }
  });
  return answers;
}
