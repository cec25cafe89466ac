import { type ChatMessage, type ChatTemplate, chatTemplate } from "../../../features/chat/chat-template.js";
import { encodeText, type Tokenizer } from "../../../features/tokenizer/tokenizer.js";
import { compileDecoder, type DecoderSession } from "../../../generation/decoder-session.js";
import { GenerationError } from "../../../generation/errors.js";
import { type GenerateOptions, generate } from "../../../generation/generate.js";
import type { SavedModel } from "../../../interop/model-folder.js";
import type { Conversation, Named, Surroundings, Turn } from "../../modality.js";
import type { Talking } from "./options.js";
import { tokenizerOf } from "./tokenizer.js";

/** A conversation with a decoder, in its chat template. */
export async function converse(
  named: Named<SavedModel>,
  { system, seed, weights: precision, ...asked }: Talking,
  { runtime }: Surroundings,
): Promise<Conversation> {
  const { model, weights, tokenizer, generation } = await named.open();
  const session = await compileDecoder(runtime, model, weights, { weights: precision });
  const given = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
  const settings = { temperature: 0.8, ...generation, maxTokens: Number.POSITIVE_INFINITY, ...given };
  return new TemplatedConversation(session, tokenizerOf(named, tokenizer), settings, seed, system);
}

type Settings = Omit<GenerateOptions, "prompts" | "seed">;

/** What was said so far, and how the model goes on. */
class TemplatedConversation implements Conversation {
  private readonly template: ChatTemplate;
  private messages: ChatMessage[] = [];
  private answers = 0;

  constructor(
    private readonly session: DecoderSession,
    private readonly tokenizer: Tokenizer,
    private settings: Settings,
    private readonly seed: number,
    private system?: string,
  ) {
    this.template = chatTemplate(tokenizer);
    this.reset();
  }

  get warning(): string | undefined {
    if (this.tokenizer.config?.chat_template !== undefined) return undefined;
    return "the model was not trained to chat (no chat template): its answers may go astray";
  }

  reset(system = this.system): void {
    this.system = system;
    this.messages = system ? [{ role: "system", content: system }] : [];
  }

  setTemperature(temperature: number): void {
    if (!(temperature >= 0)) {
      throw new GenerationError(
        "a temperature is a number of 0 or more",
        String(temperature),
        "for example /temperature 0.7",
      );
    }
    this.settings = { ...this.settings, temperature };
  }

  undo(): string | undefined {
    const last = this.messages.findLastIndex(({ role }) => role === "user");
    if (last < 0) return undefined;
    const { content } = this.messages[last];
    this.messages = this.messages.slice(0, last);
    return content;
  }

  async say(content: string, signal: AbortSignal, onText?: (text: string) => void): Promise<Turn> {
    const messages: ChatMessage[] = [...this.messages, { role: "user", content }];
    const prompt = this.template.render(messages, { addGenerationPrompt: true });
    const [{ text, tokenCount, finishReason }] = await generate(this.session, this.tokenizer, {
      ...this.settings,
      prompts: [prompt],
      maxTokens: Math.min(this.settings.maxTokens, this.roomAfter(prompt)),
      seed: this.seed + this.answers++,
      signal,
      onText: onText && ((_, piece) => onText(piece)),
    });
    if (text.trim() !== "") this.messages = [...messages, { role: "assistant", content: text }];
    return { user: content, assistant: text, tokens: tokenCount, finishReason };
  }

  /** How many tokens of the context a prompt leaves. */
  private roomAfter(prompt: string): number {
    const { contextLength } = this.session.model;
    const length = encodeText(this.tokenizer, prompt).length;
    if (length < contextLength) return contextLength - length;
    throw new GenerationError(
      "the conversation is longer than the model's context",
      `${length} tokens, context ${contextLength}`,
      "/undo takes the last message back, /reset begins anew",
    );
  }
}
