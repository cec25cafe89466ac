/** A thread that translates batches of sentences, with a session of its own: see decoding-threads.ts. */
import { AutodidactError } from "../../../core/errors.js";
import { nodeRuntime } from "../../../core/runtime/node.js";
import { openFolder } from "../../../files/disk.js";
import type { Hypothesis } from "../../../generation/translation/beam-search.js";
import { decodeBatch, type SentenceBatch } from "../../../generation/translation/sentence-batch.js";
import { compileTranslator } from "../../../generation/translation/translator-session.js";
import { openTranslator } from "../../../interop/translator-folder.js";
import { answerCalls } from "../../../threads/calls.js";
import { threadData } from "../../../threads/start-thread.js";

/** Hypotheses of each sentence, or an error without its class, which does not survive the way. */
export type BatchAnswer =
  | { readonly found: Hypothesis[][] }
  | { readonly error: Pick<AutodidactError, "what" | "values" | "advice"> };

/** The session copies the weights, which are let go then. */
async function open() {
  const { model, weights } = await openTranslator(openFolder(threadData<string>()));
  return compileTranslator(nodeRuntime, model, weights, { threads: 1 });
}

const opened = open();
answerCalls(async (batch: SentenceBatch): Promise<BatchAnswer> => {
  try {
    const session = await opened;
    return { found: await decodeBatch((sources, beams) => session.encode(sources, beams), batch) };
  } catch (error) {
    if (!(error instanceof AutodidactError)) throw error;
    const { what, values, advice } = error;
    return { error: { what, values, advice } };
  }
});
