import type { Runtime } from "../../core/runtime/session.js";
import { chatTemplate } from "../../features/chat/chat-template.js";
import { turnEnd } from "../../features/chat/turn-end.js";
import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import { compileDecoder } from "../../generation/decoder-session.js";
import { generate } from "../../generation/generate.js";
import type { Decoder } from "../../models/decoder.js";
import type { Weights } from "../../nn/weights.js";
import { learnsToChat } from "./base.js";
import type { TextRecipe } from "./recipe.js";

/** Tokens of a sample before the last one. */
const shortSample = 60;

/** Writes a passage with the weights as they are, by the recipe's generation section. */
export async function textSampler(
  recipe: TextRecipe,
  {
    runtime,
    model,
    tokenizer,
    weights,
  }: {
    readonly runtime: Runtime;
    readonly model: Decoder;
    readonly tokenizer: Tokenizer;
    readonly weights: Weights;
  },
): Promise<(step: number) => Promise<{ text: string }>> {
  const { maxTokens, prompt: _, ...sampling } = recipe.generation;
  const prompt = samplePrompt(recipe, tokenizer);
  const stop = learnsToChat(recipe, tokenizer) ? turnEnd(chatTemplate(tokenizer)) : [];
  const lora = recipe.model.kind === "pretrained" ? recipe.model.lora : undefined;
  const session = await compileDecoder(runtime, model, weights, { lora, live: true });
  return async (step) => {
    const [{ text }] = await generate(session, tokenizer, {
      prompts: [prompt],
      maxTokens: step === recipe.training.steps ? maxTokens : Math.min(maxTokens, shortSample),
      ...sampling,
      stop,
      seed: step,
    });
    return { text: prompt + text };
  };
}

/** The recipe's prompt, as a user's message where the model learns to chat. */
function samplePrompt(recipe: TextRecipe, tokenizer: Tokenizer): string {
  const { prompt } = recipe.generation;
  if (learnsToChat(recipe, tokenizer)) {
    const message = { role: "user", content: prompt || "Hello!" } as const;
    return chatTemplate(tokenizer).render([message], { addGenerationPrompt: true });
  }
  // Without an end-of-text token to start from, an empty prompt becomes the vocabulary's first character.
  return prompt || (tokenizer.endOfText === undefined ? tokenizer.decode([0]) : "");
}
