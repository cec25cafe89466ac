/**
 * `@huggingface/transformers` translating, in a process of its own because it brings its own ONNX Runtime. Reads a
 * `TranslationTask` from its first argument and prints `Translations`, both as JSON.
 */
import { basename, dirname } from "node:path";
import { env, pipeline, type Tensor } from "@huggingface/transformers";

export interface TranslationTask {
  readonly folder: string;
  readonly texts: readonly string[];
  readonly maxTokens: number;
}

export interface Translations {
  /** For each text its ids, those of its translation, and the translation. */
  readonly sources: number[][];
  readonly written: number[][];
  readonly texts: string[];
  /** The translations of all texts in one batch. */
  readonly batch: string[];
}

const { folder, texts, maxTokens } = JSON.parse(process.argv[2]) as TranslationTask;
env.allowRemoteModels = false;
env.localModelPath = dirname(folder);
const translator = await pipeline("translation", basename(folder));
const settings = { max_new_tokens: maxTokens };
const numbers = (tensor: Tensor): number[] => Array.from(tensor.data as BigInt64Array, Number);
const said: Translations = { sources: [], written: [], texts: [], batch: [] };
for (const text of texts) {
  const inputs = translator.tokenizer(text);
  said.sources.push(numbers(inputs.input_ids));
  said.written.push(numbers((await translator.model.generate({ ...inputs, ...settings })) as Tensor));
  said.texts.push(textOf(await translator(text, settings))[0]);
}
said.batch.push(...textOf(await translator([...texts], settings)));
console.log(JSON.stringify(said));

function textOf(translations: object): string[] {
  return (translations as { translation_text: string }[]).map(({ translation_text }) => translation_text);
}
