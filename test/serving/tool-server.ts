/** A server of a model with tools, which says what the test wants. */
import { byteTokenizer } from "../../src/features/tokenizer/byte-tokenizer.js";
import { tokenizerFromJson } from "../../src/features/tokenizer/load-tokenizer.js";
import type { ServerOptions } from "../../src/serving/openai/server.js";
import type { PublishedTemplate } from "../chat-templates.js";
import { SpeakingEngine } from "./speaking-engine.js";
import { start } from "./start.js";

const specialTokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|eot_id|>", "<|python_tag|>"];

/** Bytes, with the template of a published model. */
export function tokenizerOf({ source, tokens }: PublishedTemplate) {
  return tokenizerFromJson(byteTokenizer({ specialTokens }).toJSON(), { ...tokens, chat_template: source });
}

/** `answer` says what the model would say to a prompt. The model is called "tiny". */
export async function serveTools(
  template: PublishedTemplate,
  answer: (prompt: string) => string,
  change: Partial<ServerOptions> = {},
) {
  const tokenizer = tokenizerOf(template);
  const engine = new SpeakingEngine(tokenizer, answer);
  const { url } = await start(engine, {
    ...{ tokenizer, model: { name: "tiny", contextLength: 8192 }, defaults: { temperature: 0 } },
    limits: { bodyBytes: 100_000, maxConcurrent: 4, maxQueue: 4 },
    ...change,
  });
  return { url, engine };
}
