/** A model of speech as a Hugging Face folder: config.json, model.safetensors, preprocessor_config.json, a tokenizer. */
import { z } from "zod";
import { checkPreprocessorConfig, preprocessorConfig } from "../features/audio/feature-extractor.js";
import { ctcTokenizerFiles } from "../features/tokenizer/ctc-tokenizer-files.js";
import { type CtcVocabulary, readCtcVocabulary } from "../features/tokenizer/ctc-vocabulary.js";
import type { Folder } from "../files/folder.js";
import type { SpeechModel, SpeechRecogniser } from "../models/speech-encoder.js";
import { CheckpointError } from "./errors.js";
import { fieldsOf, jsonText, readJson } from "./folder-files.js";
import { type Checkpoint, locateModel, take } from "./model-folder.js";
import { readParameters } from "./model-weights.js";
import { type NamedArray, writeSafetensors } from "./safetensors.js";
import { openWeights, weightsFile } from "./sharded.js";
import { type SpeechModelKind, speechModelFromConfig } from "./speech-config.js";

const configFile = "config.json";
const preprocessorFile = "preprocessor_config.json";
const vocabularyFile = "vocab.json";

/** What is told of a model beside its weights. */
export interface SpeechModelNotes {
  /** The symbols that a recogniser tells apart. */
  readonly vocabulary?: CtcVocabulary;
  /** That the texts of its training were in, such as "en". */
  readonly language?: string;
  /** How it transcribes where nobody says otherwise. */
  readonly generation: Readonly<Record<string, unknown>>;
}

/** A model of speech as its folder holds it. */
export type SavedSpeechModel = SpeechModelKind &
  SpeechModelNotes & { readonly weights: ReadonlyMap<string, NamedArray> };

const notes = z.object({
  language: z.string().optional(),
  generation: z.record(z.string(), z.unknown()).default({}),
});

/** Writes the folder; it opens in Hugging Face Transformers. Throws `CheckpointError` for a missing parameter. */
export async function saveSpeechModel(
  folder: Folder,
  model: SpeechModel,
  weights: ReadonlyMap<string, NamedArray>,
  { vocabulary, language, generation }: SpeechModelNotes,
): Promise<void> {
  const tokenizer: Record<string, object> = vocabulary ? ctcTokenizerFiles(vocabulary) : {};
  await folder.write(configFile, jsonText({ ...model.config(), language, generation }));
  await folder.write(preprocessorFile, jsonText(preprocessorConfig()));
  for (const [name, content] of Object.entries(tokenizer)) await folder.write(name, jsonText(content));
  const parameters = model.parameters.map(({ name, shape }) => [name, take(weights, name, shape)] as const);
  await writeSafetensors(folder, weightsFile, new Map(parameters));
}

/**
 * Reads a model folder, or a run's checkpoint. Throws `CheckpointError` for what is damaged, missing, or no model of
 * speech, and for other features or symbols than ours what reading those throws.
 */
export async function openSpeechModel(
  folder: Folder,
  which: Checkpoint = "latest",
): Promise<SavedSpeechModel> {
  const place = await locateModel(folder, which);
  const source = (file: string) => `${place.location}/${file}`;
  const config = await readJson(place, configFile);
  const opened = speechModelFromConfig(config, source(configFile));
  checkPreprocessorConfig(await readJson(place, preprocessorFile), source(preprocessorFile));
  return {
    ...opened,
    ...fieldsOf(notes, config, source(configFile)),
    vocabulary: opened.kind === "recogniser" ? await vocabularyOf(opened.model, place) : undefined,
    weights: await readParameters(await openWeights(place), opened.model, place.location),
  };
}

async function vocabularyOf({ vocabSize }: SpeechRecogniser, place: Folder): Promise<CtcVocabulary> {
  const source = `${place.location}/${vocabularyFile}`;
  const vocabulary = readCtcVocabulary(await readJson(place, vocabularyFile), source);
  if (vocabulary.tokens.length === vocabSize) return vocabulary;
  throw new CheckpointError(
    "the vocabulary is not that of the model",
    `${vocabulary.tokens.length} tokens in ${source}, vocab_size ${vocabSize} in ${configFile}`,
    "check that both files are of one model and one version",
  );
}
