/** Two models on the same prompts, with the same seed and settings. */
import { chatTemplate } from "../features/chat/chat-template.js";
import { begun, type Tokenizer } from "../features/tokenizer/tokenizer.js";
import type { DecoderSession } from "../generation/decoder-session.js";
import { type GenerateOptions, type Generation, generate } from "../generation/generate.js";
import { encode } from "./encode-pair.js";
import { EvaluationError } from "./errors.js";
import type { Prompt } from "./prompts.js";

/** A model that answers. */
export interface Contender {
  readonly name: string;
  readonly session: DecoderSession;
  readonly tokenizer: Tokenizer;
  /** Ids that end an answer, beside the tokenizer's end of text. */
  readonly endTokens?: readonly number[];
}

export type CompareSettings = Omit<GenerateOptions, "prompts" | "endTokens" | "onText">;

export interface ModelAnswer extends Pick<Generation, "text" | "tokenCount" | "finishReason"> {
  readonly tokensPerSecond: number;
}

/** A prompt, and what each of two models answered. */
export interface Comparison extends Prompt {
  readonly answers: readonly [ModelAnswer, ModelAnswer];
}

/**
 * What both write after each prompt; a conversation is written as each model's own chat template has it.
 * Throws `EvaluationError` naming the source for a prompt that a model's context does not hold; also
 * `GenerationError` and `ChatError`.
 */
export async function* compare(
  [first, second]: readonly [Contender, Contender],
  prompts: AsyncIterable<Prompt>,
  settings: CompareSettings,
): AsyncGenerator<Comparison> {
  for await (const prompt of prompts) {
    yield {
      ...prompt,
      answers: [await answer(first, prompt, settings), await answer(second, prompt, settings)],
    };
  }
}

async function answer(
  { name, session, tokenizer, endTokens }: Contender,
  { prompt, source }: Prompt,
  settings: CompareSettings,
): Promise<ModelAnswer> {
  const text =
    typeof prompt === "string"
      ? prompt
      : chatTemplate(tokenizer).render(prompt, { addGenerationPrompt: true });
  const { length } = begun(tokenizer, encode(tokenizer, text, source));
  const { contextLength } = session.model;
  if (length > contextLength) {
    throw new EvaluationError(
      "a prompt is longer than a model's context",
      `${source}: ${length} tokens for ${contextLength} of ${name}`,
      "shorten it or leave it out",
    );
  }
  const startMs = performance.now();
  const [generation] = await generate(session, tokenizer, { ...settings, prompts: [text], endTokens });
  const seconds = (performance.now() - startMs) / 1000;
  const { text: written, tokenCount, finishReason } = generation;
  return { text: written, tokenCount, finishReason, tokensPerSecond: tokenCount / seconds };
}
