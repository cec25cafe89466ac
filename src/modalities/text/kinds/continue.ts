import { parseJson } from "../../../files/json.js";
import { compileDecoder } from "../../../generation/decoder-session.js";
import { GenerationError } from "../../../generation/errors.js";
import {
  endTokensOf,
  type GenerateOptions,
  type Generation,
  generate,
} from "../../../generation/generate.js";
import { jsonConstraints } from "../../../generation/grammar/json-schema-constraint.js";
import type { SavedModel } from "../../../interop/model-folder.js";
import type { InputFile, Named, Output, Surroundings, UseRequest } from "../../modality.js";
import type { Continuing } from "./options.js";
import { tokenizerOf } from "./tokenizer.js";

/**
 * Continues texts. `onText` hears of the first as it is written, its prompt before it, and of the others when all are
 * done. Throws `GenerationError` for settings out of range.
 */
export async function* continueTexts(
  named: Named<SavedModel>,
  { prompt: prompts = [""], weights: precision, jsonSchema, ...asked }: Continuing,
  { runtime, signal }: Surroundings,
  onText?: UseRequest["onText"],
): AsyncGenerator<Output> {
  const schema = jsonSchema && readSchema(jsonSchema);
  const { model, weights, generation, tokenizer: found } = await named.open();
  const tokenizer = tokenizerOf(named, found);
  const session = await compileDecoder(runtime, model, weights, { weights: precision });
  const given = Object.entries(asked).filter(([, value]) => value !== undefined);
  const settings = { maxTokens: 200, temperature: 0.8, ...generation, ...Object.fromEntries(given) };
  const compile =
    schema && (await jsonConstraints(tokenizer, model.vocabSize, endTokensOf(tokenizer, settings.endTokens)));
  const constraint = compile && (() => compile(schema));
  const options: GenerateOptions = { ...settings, prompts, signal };
  const first = new FirstText(prompts[0], onText);
  const start = performance.now();
  const results = await generate(session, tokenizer, {
    ...options,
    constraint,
    onText: (index, text) => index === 0 && first.show(text),
  });
  const seconds = (performance.now() - start) / 1000;
  first.show("\n");
  for (const [i, { text }] of results.entries()) if (i > 0) onText?.(`\n${prompts[i]}${text}\n`);
  yield figuresOf(results, seconds, options, schema !== undefined);
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
  isJson: boolean,
): Output {
  const texts = results.map((result, i) => ({ prompt: prompts[i], ...result, tokens: [...result.tokens] }));
  const count = results.reduce((sum, { tokenCount }) => sum + tokenCount, 0);
  const speed = count / seconds;
  const cut = isJson ? results.filter(({ finishReason }) => finishReason === "length").length : 0;
  return {
    kind: "figures",
    figures: { results: texts, seconds, tokensPerSecond: speed, settings },
    remark:
      `${count} tokens in ${seconds.toFixed(2)} s, ${speed.toFixed(speed < 10 ? 1 : 0)} tokens a second` +
      (cut > 0 ? `; ${cut} of ${results.length} cut before the JSON was whole: raise --max-tokens` : ""),
  };
}

function readSchema({ name, bytes }: InputFile): object {
  try {
    const value: unknown = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch (cause) {
    throw notASchema(name, (cause as Error).message, cause);
  }
  throw notASchema(name, "something else");
}

function notASchema(name: string, found: string, cause?: unknown): GenerationError {
  return new GenerationError(
    "a file holds no JSON schema",
    `${name}: ${found}`,
    "give one JSON object, as JSON Schema (draft 2020-12) has them",
    { cause },
  );
}
