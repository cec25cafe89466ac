/**
 * What one kind of data brings: how its recipes look, what its runs learn from, what its trained models are and can
 * do. Run folder, loop, command line, benchmark and server know nothing else of it.
 */
import type { z } from "zod";
import type { Bench } from "../bench/bench.js";
import type { Device, Runtime } from "../core/runtime/session.js";
import type { Watching } from "../core/watching.js";
import type { TrainingData } from "../data/training-data.js";
import type { Collective } from "../distributed/collective.js";
import type { Folder } from "../files/folder.js";
import type { JsonObject } from "../interop/folder-files.js";
import type { Checkpoint } from "../interop/model-folder.js";
import type { Weights } from "../nn/weights.js";
import type { Task } from "../objectives/task.js";
import type { IterationRecipe, OptimizerRecipe } from "../recipe/sections.js";
import type { Served } from "../serving/http/served.js";
import type { TrainerOptions } from "../training/trainer.js";

/** A model's folder by the name that a user gives, and the name that others can find it by. */
export type FindModel = (name: string, revision?: string) => Promise<{ folder: Folder; name: string }>;

/** How a phase of long work is watched and stopped. */
export function watching({ signal, onProgress }: Surroundings, phase: string): Watching {
  return { signal, onProgress: onProgress && ((done, total) => onProgress(phase, done, total)) };
}

/** Finds the folder of a name, by `around.findModel` where it is there. */
export function finderOf({ findModel, openFolder }: Surroundings): FindModel {
  return findModel ?? (async (name) => ({ folder: openFolder(name), name }));
}

/** What a run, or a use of a model, needs from its surroundings. */
export interface Surroundings {
  readonly runtime: Runtime;
  /** Opens the folder at a path. */
  readonly openFolder: (path: string) => Folder;
  /** Finds a pretrained model; default: a folder of that name. */
  readonly findModel?: FindModel;
  /** The kinds of data that there are; default: those of table.ts. */
  readonly modalities?: readonly Modality[];
  /** Makes a run's folder this process's own; default: nobody is kept out. Throws where another process has it. */
  readonly lock?: (folder: Folder) => Promise<Lock>;
  /** Make batches in a thread, ahead of the step, where a modality can. Default: no. */
  readonly ahead?: boolean;
  /** Threads that a use may share its work among, where it can and models lie on a disk. Default: 1. */
  readonly threads?: number;
  /** Processes that train a run together. Default: this one alone. */
  readonly collective?: Collective;
  /** Threads of a step of training where the recipe does not say. Default: one a core. */
  readonly stepThreads?: number;
  /** Ends what takes long, with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Told how far a phase of unknown length is. */
  readonly onProgress?: (phase: string, done: number, total?: number) => void;
}

/** Makes a folder one process's own until it is released. */
export interface Lock {
  /** Gives the folder up. */
  release(): Promise<void>;
}

/** What recipes of every modality have: the six steps, and how the model is used afterwards. */
export interface SharedRecipe {
  readonly data: { readonly format?: string };
  readonly features: object;
  readonly model: { readonly kind: string };
  readonly objective: { readonly kind: string };
  readonly optimizer: OptimizerRecipe;
  readonly training: IterationRecipe;
  readonly generation: object;
}

/** One kind of data: see the head of this file. */
export interface Modality<R extends SharedRecipe = SharedRecipe> {
  readonly name: string;
  /** Values of `data.format`. */
  readonly formats: readonly string[];
  /** All seven sections of a recipe. */
  readonly schema: z.ZodType<R>;
  /** What a recipe learns from, in a few words. */
  sourceOf(recipe: R): string;
  /** Reads what a recipe learns from and checks that everything goes together. Writes nothing. */
  prepare(recipe: R, around: Surroundings): Promise<Prepared<R>>;
  /**
   * What a run that goes on learns from, in the run's `data/`. Throws `ShardError` or `TokenizerError` when a kill
   * left it incomplete.
   */
  open(recipe: R, data: Folder, around: Surroundings): Promise<Learning>;
  /** What its models can be. */
  readonly kinds: readonly ModelKind[];
  /** Its rows of the benchmark. */
  readonly bench?: Bench;
}

/** What is trained: enough to compile a run before anything is written. */
export interface Trained {
  readonly task: Task;
  readonly start?: Pick<TrainerOptions, "pretrained" | "trains" | "lora">;
  /** In all, where it is known already. */
  readonly steps?: number;
}

/**
 * Data that have been looked through and found fit, and the model that will learn from them; the task is missing
 * where only the written data tell the shapes of batches.
 */
export interface Prepared<R extends SharedRecipe = SharedRecipe> extends Partial<Trained> {
  /** With the places where things were found, so that a run goes on from the very same. */
  readonly recipe: R;
  /** Writes what training reads into the run's `data/` and opens it. */
  write(data: Folder): Promise<Learning>;
}

/** All that a run hands to trainer and loop. */
export interface Learning extends Trained {
  readonly steps: number;
  /** Where the model that learns makes them: what its weights, which training changes in place, make. */
  readonly data: TrainingData | ((weights: Weights, around: Surroundings) => Promise<TrainingData>);
  /** What is not learned from though it is there, such as "3 without text". */
  readonly leftOut?: readonly string[];
  /** What else there is to know before training, a sentence each. */
  readonly notes?: readonly string[];
  readonly description: Description;
  /** Floating-point operations of one unit of the task, forward and backward, where they are known. */
  readonly flopsPerUnit?: number;
  /** Writes what a checkpoint holds beside the state of training: of `all` weights some may be frozen. */
  save(to: Folder, weights: { readonly all: Weights; readonly trained: Weights }): Promise<void>;
  /** Lets the weights, which training changes in place, show what they can do at a step. */
  sampler?(weights: Weights, around: Surroundings): Promise<(step: number) => Promise<Sample>>;
  /** Commands to go on with. */
  next?(folder: string): readonly string[];
}

/** What is trained on what, for people. */
export interface Description {
  /** The kind of model, or the name of the pretrained one. */
  readonly model: string;
  readonly parameters: number;
  /** Such as "vocabulary 1024". */
  readonly details: readonly string[];
  readonly train: number;
  readonly validation: number;
  /** Of what the two splits count. */
  readonly unit: string;
}

/** What a model made during training: a text, or the bytes of a file with its ending, such as ".png". */
export type Sample = { readonly text: string } | { readonly bytes: Uint8Array; readonly ending: string };

/** What a trained model is, by its config.json, and what can be done with it. */
export interface ModelKind<S = unknown> {
  /** What it is called in messages, such as "classifier". */
  readonly name: string;
  /** Values of `model_type`. */
  readonly modelTypes: readonly string[];
  /** Where several kinds share a type: whether a config is this one's. Default: yes. */
  fits?(config: JsonObject): boolean;
  /** Reads the model in a folder. Throws `CheckpointError` for what is damaged or missing. */
  open(folder: Folder, around: Surroundings): Promise<S>;
  readonly uses: readonly Use<S>[];
  /** Forms in which other programs read it, by name. */
  readonly exports: readonly Export<S>[];
  /** How it answers over HTTP, where it does. */
  readonly serving?: Serving<S>;
  /** How one talks with it, where one can. */
  readonly talk?: Talk<S>;
}

/** The `model_type` that stands for a folder that holds an adapter and no model of its own. */
export const adapterType = "adapter";

/** A model that somebody named. */
export interface Named<S = unknown> {
  /** As it was given. */
  readonly name: string;
  /** What the name stands for: a run, or the folder of a model. */
  readonly folder: Folder;
  /** Where the model itself lies: of a run, the checkpoint. */
  readonly place: Folder;
  readonly checkpoint: Checkpoint;
  readonly kind: ModelKind<S>;
  /** Reads the model, once. */
  open(): Promise<S>;
}

/** What can be done with trained models, each in a sentence. */
export const verbs = {
  generate: "Let a model make something: a text, or what else it has learned to make.",
  classify: "Say what is in files: the likeliest classes of each, with their probabilities.",
  transcribe: "Write down what is said in files.",
  translate: "Say in another language what a text says.",
  detect: "Find things in files, and where they are.",
  evaluate: "How good a model is, by the measure that goes with it or one that is asked for.",
} as const;
/** What a use of a model is called. */
export type Verb = keyof typeof verbs;

/** One thing that a trained model can do. Its options are flags of the verb. */
export interface Use<S = unknown> {
  readonly verb: Verb;
  /** Of a measure, such as "fid". */
  readonly name?: string;
  /** What it does, beginning with a verb: "continue texts". */
  readonly summary: string;
  readonly options: z.ZodObject;
  /** The option that asks for it. Others of a verb are asked for by their names. */
  readonly askedBy?: string;
  /** What it takes beside options: files given after the model. */
  readonly inputs?: {
    readonly name: string;
    readonly endings: readonly string[];
    /** What is no file, and does not end as one, is a text itself. */
    readonly orTexts?: boolean;
    /** The option with which there are none: what is heard or seen until the signal comes, which ends it well. */
    readonly live?: string;
  };
  /** Endings of the file that it makes, the usual one first, when it makes one; `each`: into a folder also one a thing. */
  readonly makes?: {
    readonly endings: readonly string[];
    readonly each?: boolean;
    readonly isOptional?: boolean;
  };
  /** Lines of arguments for the help. */
  readonly examples?: readonly string[];
  /** Does it, and gives what came of it. */
  run(model: Named<S>, request: UseRequest, around: Surroundings): AsyncIterable<Output>;
}

/** What is asked of a use. */
export interface UseRequest {
  /** What `Use.options` made of the flags. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly inputs: readonly InputFile[];
  /** Told of what is written for people as it comes; the figures hold all of it in the end. */
  readonly onText?: (text: string) => void;
  /** The form of the file that is wanted: its ending, and whether each thing is to be one of its own. */
  readonly wanted?: {
    readonly ending: string;
    readonly each: boolean;
    /** What the file holds already, or the one beside it whose name is longer by `ending`, if they are there. */
    held?(ending?: string): Promise<Uint8Array | undefined>;
  };
}

/** A file that was given, or a text. */
export interface InputFile {
  /** Empty for a text. */
  readonly name: string;
  /** Of files behind a model read anew whenever they are asked for: ask once, when it is its turn. */
  readonly bytes: Uint8Array;
}

/** Facts that a use gives: the command line prints them, the server sends them. */
export type Output =
  /**
   * With `beside`, it goes beside the file that is wanted, under its name and this ending, and replaces what is there at
   * once. With `at`, the file that is wanted keeps so many bytes, and goes on with these.
   */
  | {
      readonly kind: "file";
      readonly bytes: Uint8Array;
      readonly name: string;
      readonly beside?: string;
      readonly at?: number;
    }
  /** What was found, for programs; as a sentence for people; and what is only worth a remark. */
  | {
      readonly kind: "figures";
      readonly figures: Readonly<Record<string, unknown>>;
      readonly text?: string;
      readonly remark?: string;
    };

/** A form in which other programs read a model. */
export interface Export<S = unknown> {
  readonly name: string;
  /** What it is for, in one line. */
  readonly summary: string;
  /** How the weights can be kept, the usual first. */
  readonly precisions: readonly string[];
  /** Fills a new folder. */
  write(model: Named<S>, to: Folder, precision: string, around: Surroundings): Promise<void>;
}

/** How one talks with a model. */
export interface Talk<S = unknown> {
  /** Flags of `chat`. */
  readonly options: z.ZodObject;
  /** Opens the model for a conversation. */
  start(
    model: Named<S>,
    options: Readonly<Record<string, unknown>>,
    around: Surroundings,
  ): Promise<Conversation>;
}

/** What was said with a model so far. */
export interface Conversation {
  /** What one should know before. */
  readonly warning?: string;
  /** Answers a message; one that breaks off, or is empty, is not kept. Throws `GenerationError` where there is no room. */
  say(content: string, signal: AbortSignal, onText?: (text: string) => void): Promise<Turn>;
  /** Forgets the last message and its answer, and gives the message. */
  undo(): string | undefined;
  /** Begins anew, by default after the same words that the model is told first. */
  reset(system?: string): void;
  /** 0 for the likeliest answer. Throws `GenerationError` for less. */
  setTemperature(temperature: number): void;
}

/** A message and its answer. */
export interface Turn {
  readonly user: string;
  readonly assistant: string;
  readonly tokens: number;
  readonly finishReason: string;
}

/** How a model answers over HTTP. */
export interface Serving<S = unknown> {
  /** Flags of `serve` beside those of every server. */
  readonly options: z.ZodObject;
  /** Lines of arguments for the help. */
  readonly examples?: readonly string[];
  /** Opens the model for its routes. */
  start(model: Named<S>, request: ServeRequest, around: Surroundings): Promise<Served>;
}

/** What is asked of a model that is to answer over HTTP. */
export interface ServeRequest {
  /** What clients call the model. */
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Answers at once. */
  readonly maxConcurrent: number;
  /** Where the model computes (default: the CPU). */
  readonly device?: Device;
}
