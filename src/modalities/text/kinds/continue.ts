import { compileDecoder } from "../../../generation/decoder-session.js";
import { type GenerateOptions, type Generation, generate } from "../../../generation/generate.js";
import type { SavedModel } from "../../../interop/model-folder.js";
import type { Named, Output, Surroundings, UseRequest } from "../../modality.js";
import type { Continuing } from "./options.js";
import { tokenizerOf } from "./tokenizer.js";

/**
 * Continues texts. `onText` hears of the first as it is written, its prompt before it, and of the others when all are
 * done. Throws `GenerationError` for settings out of range.
 */
export async function* continueTexts(
  named: Named<SavedModel>,
  { prompt: prompts = [""], device, weights: precision, ...asked }: Continuing,
  { runtime, signal }: Surroundings,
  onText?: UseRequest["onText"],
): AsyncGenerator<Output> {
  const { model, weights, generation, tokenizer } = await named.open();
  const session = await compileDecoder(runtime, model, weights, { device, weights: precision });
  const given = Object.entries(asked).filter(([, value]) => value !== undefined);
  const settings = { maxTokens: 200, temperature: 0.8, ...generation, ...Object.fromEntries(given) };
  const options: GenerateOptions = { ...settings, prompts, signal };
  const first = new FirstText(prompts[0], onText);
  const start = performance.now();
  const results = await generate(session, tokenizerOf(named, tokenizer), {
    ...options,
    onText: (index, text) => index === 0 && first.show(text),
  });
  const seconds = (performance.now() - start) / 1000;
  first.show("\n");
  for (const [i, { text }] of results.entries()) if (i > 0) onText?.(`\n${prompts[i]}${text}\n`);
  yield figuresOf(results, seconds, options);
}

/** The first text while it is written, its prompt before it. */
class FirstText {
  private isStarted = false;

  constructor(
    private readonly prompt: string,
    private readonly onText: UseRequest["onText"],
  ) {}

  show(text: string): void {
    this.onText?.(this.isStarted ? text : this.prompt + text);
    this.isStarted = true;
  }
}

function figuresOf(
  results: readonly Generation[],
  seconds: number,
  { prompts, signal: _, ...settings }: GenerateOptions,
): Output {
  const texts = results.map((result, i) => ({ prompt: prompts[i], ...result, tokens: [...result.tokens] }));
  const count = results.reduce((sum, { tokenCount }) => sum + tokenCount, 0);
  const speed = count / seconds;
  return {
    kind: "figures",
    figures: { results: texts, seconds, tokensPerSecond: speed, settings },
    remark: `${count} tokens in ${seconds.toFixed(2)} s, ${speed.toFixed(speed < 10 ? 1 : 0)} tokens a second`,
  };
}
