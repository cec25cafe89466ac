/** A model of sound as a folder: config.json with all that makes its spectrograms, and model.safetensors. */
import { z } from "zod";
import type { Folder } from "../files/folder.js";
import { fieldsOf, jsonText, readJson } from "./folder-files.js";
import { type Checkpoint, locateModel, take } from "./model-folder.js";
import { readParameters } from "./model-weights.js";
import { type NamedArray, writeSafetensors } from "./safetensors.js";
import { openWeights, weightsFile } from "./sharded.js";
import {
  type SoundModelKind,
  type SoundWindow,
  soundModelFromConfig,
  soundModelTypes,
} from "./sound-config.js";

const configFile = "config.json";

/** What is told of a model beside its weights. */
export interface SoundModelNotes extends SoundWindow {
  /** Names of the classes, in the order of their numbers. */
  readonly classes: readonly string[];
  readonly speakers: readonly string[];
  /** How it draws where nobody says otherwise. */
  readonly generation: Readonly<Record<string, unknown>>;
}

/** A model of sound as its folder holds it. */
export type SavedSoundModel = SoundModelKind &
  SoundModelNotes & { readonly weights: ReadonlyMap<string, NamedArray> };

const notes = z.object({
  id2label: z.record(z.string(), z.string()).default({}),
  speakers: z.array(z.string()).default([]),
  generation: z.record(z.string(), z.unknown()).default({}),
});

/** Writes the folder. Throws `CheckpointError` for a missing parameter. */
export async function saveSoundModel(
  folder: Folder,
  { kind, model }: SoundModelKind,
  weights: ReadonlyMap<string, NamedArray>,
  { classes, speakers, generation, mel, scaling, lead }: SoundModelNotes,
): Promise<void> {
  const config = {
    ...model.config(),
    model_type: soundModelTypes[kind],
    id2label: Object.fromEntries(classes.map((name, i) => [i, name])),
    label2id: Object.fromEntries(classes.map((name, i) => [name, i])),
    ...{ speakers, generation, mel, scaling, lead },
  };
  await folder.write(configFile, jsonText(config));
  const parameters = model.parameters.map(({ name, shape }) => [name, take(weights, name, shape)] as const);
  await writeSafetensors(folder, weightsFile, new Map(parameters));
}

/** Reads a model folder, or a run's checkpoint. Throws `CheckpointError` for what is damaged, missing, or no model of sound. */
export async function openSoundModel(folder: Folder, which: Checkpoint = "latest"): Promise<SavedSoundModel> {
  const place = await locateModel(folder, which);
  const source = `${place.location}/${configFile}`;
  const config = await readJson(place, configFile);
  const opened = soundModelFromConfig(config, source);
  const weights = await readParameters(await openWeights(place), opened.model, place.location);
  const { id2label, speakers, generation } = fieldsOf(notes, config, source);
  const classes = Object.keys(id2label).map((_, i) => id2label[i]);
  return { ...opened, classes, speakers, generation, weights };
}
