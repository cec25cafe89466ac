/**
 * An engine whose model would say what the test wants: its logits prefer the next token of an answer, and all that
 * stands between logits and text is the real thing, grammars included.
 */
import type { Tokenizer } from "../../src/features/tokenizer/tokenizer.js";
import { callConstraints } from "../../src/generation/grammar/call-constraint.js";
import { JsonCompiler } from "../../src/generation/grammar/json-schema-constraint.js";
import { ofRequest } from "../../src/serving/engine/check-request.js";
import { Continuation, vocabularyOf } from "../../src/serving/engine/continuation.js";
import type { Engine, GenerationEvent, GenerationRequest } from "../../src/serving/engine/engine.js";

export class SpeakingEngine implements Engine {
  /** The prompts that came, as text. */
  readonly prompts: string[] = [];
  private readonly compiler: JsonCompiler;

  constructor(
    private readonly tokenizer: Tokenizer,
    /** What the model would say. */
    private readonly answer: (prompt: string) => string,
  ) {
    this.compiler = new JsonCompiler(tokenizer, tokenizer.vocabSize, [...this.ends]);
  }

  private get ends() {
    return vocabularyOf(this.tokenizer).endTokens;
  }

  async *generate(request: GenerationRequest, signal?: AbortSignal): AsyncGenerator<GenerationEvent> {
    const prompt = this.tokenizer.decode(request.prompt);
    this.prompts.push(prompt);
    const wanted = [...this.tokenizer.encode(this.answer(prompt)), ...this.ends];
    const events: GenerationEvent[] = [];
    const text = new Continuation(0, request, 0, vocabularyOf(this.tokenizer), (event) => events.push(event));
    text.constraint = await this.constraint(request);
    while (!text.isOver) {
      signal?.throwIfAborted();
      const logits = new Float32Array(this.tokenizer.vocabSize);
      for (const id of this.tokenizer.encode('"}')) logits[id] = 1; // else it closes what is open
      logits[wanted[Math.min(text.written, wanted.length - 1)]] = 100;
      text.extend(logits);
      yield* events.splice(0);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  private async constraint({ calls, jsonSchema }: GenerationRequest) {
    try {
      if (calls) return await callConstraints(this.compiler)(calls);
      return jsonSchema && this.compiler.compile(jsonSchema);
    } catch (error) {
      throw ofRequest(error);
    }
  }

  async embed(): Promise<Float32Array> {
    return Float32Array.of(0);
  }

  load() {
    return { active: 0, waiting: 0, promptTokens: 0, completionTokens: 0 };
  }

  async close(): Promise<void> {}
}
