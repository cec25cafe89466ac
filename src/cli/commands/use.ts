/** The verbs for trained models: each does what the kind of model that is named can do. */
import { stat } from "node:fs/promises";
import { basename, dirname, extname } from "node:path";
import { Command, Option } from "commander";
import { type Device, withDevice } from "../../core/runtime/session.js";
import { openFolder } from "../../files/disk.js";
import type { Checkpoint } from "../../interop/model-folder.js";
import { type Modality, type Output, type Use, type Verb, verbs } from "../../modalities/modality.js";
import { findNamed } from "../../modalities/saved.js";
import { aroundOf } from "../around.js";
import { checkpointOption } from "../checkpoint-option.js";
import { deviceOption } from "../device-option.js";
import { CommandError } from "../errors.js";
import { flagsOf, toOption } from "../flags.js";
import { readInput, readInputs } from "../input-files.js";
import { checkOutput, type OutputPlace, writeOutput } from "../output-file.js";
import { onStop } from "../stopping.js";
import { endProgress } from "../terminal/phase.js";
import { chooseUse } from "../use-choice.js";
import { readOptions } from "../use-options.js";

/** Flags that every verb has. */
interface VerbFlags {
  readonly checkpoint: Checkpoint;
  readonly device: Device;
  readonly metric?: string;
  readonly out?: string;
  readonly json?: boolean;
}

/** Where what came of a use goes. */
interface Places {
  /** Of the file that it makes. */
  readonly made?: OutputPlace;
  /** Of the JSON object, where it is not printed. */
  readonly json?: string;
}

/** The verbs that some model has. */
export const verbsOf = (modalities: readonly Modality[]): Verb[] =>
  (Object.keys(verbs) as Verb[]).filter((verb) => usesOf(modalities, verb).length > 0);

function usesOf(modalities: readonly Modality[], verb: Verb): Use[] {
  const kinds = modalities.flatMap((modality) => modality.kinds);
  return kinds.flatMap(({ uses }) => uses).filter((use) => use.verb === verb);
}

export function useCommand(verb: Verb, modalities: readonly Modality[]): Command {
  const uses = usesOf(modalities, verb);
  const command = new Command(verb)
    .description(verbs[verb])
    .argument("<model>", "a run, a model folder, or a name on the Hugging Face Hub");
  const inputs = uses.flatMap(({ inputs }) => inputs ?? []);
  if (inputs.length > 0) command.argument("[files...]", inputs.map(({ name }) => name).join(", "));
  for (const flag of flagsOf(uses.map(({ options }) => options))) command.addOption(toOption(flag));
  const names = [...new Set(uses.flatMap(({ name }) => name ?? []))];
  if (names.length > 0) {
    const text = "what to measure (default: the one that goes with the model)";
    command.addOption(new Option("--metric <name>", text).choices(names));
  }
  const endings = new Set(uses.flatMap(({ makes }) => makes?.endings ?? []));
  if (endings.size > 0)
    command.option("--out <file>", `where to write: a file that ends in ${[...endings].join(" or ")}`);
  command
    .addOption(checkpointOption())
    .addOption(deviceOption())
    .option("--json", "print one JSON object, or write it to a name that ends in .json");
  const examples = [...new Set(uses.flatMap(({ examples }) => examples ?? []))];
  command.addHelpText(
    "after",
    `\nExamples:\n${examples.map((line) => `  ${inFull(verb, line)}`).join("\n")}`,
  );
  return command.action(async (name: string, ...rest: unknown[]) => {
    const files = inputs.length > 0 ? (rest[0] as string[]) : [];
    await use(verb, name, files, command, modalities);
  });
}

const inFull = (verb: Verb, line: string) =>
  line.includes(`autodidact ${verb}`) ? line : `autodidact ${verb} ${line}`;

async function use(
  verb: Verb,
  name: string,
  files: readonly string[],
  command: Command,
  modalities: readonly Modality[],
): Promise<void> {
  const flags = command.opts<VerbFlags>();
  const shared = aroundOf(modalities);
  const around = { ...shared, runtime: withDevice(shared.runtime, flags.device) };
  const model = await findNamed(name, flags.checkpoint, around);
  const chosen = chooseUse(verb, model, command, modalities);
  const place = await placeOf(chosen, flags);
  const options = await readOptions(chosen, command);
  const isLive = chosen.inputs?.live !== undefined && options[chosen.inputs.live] === true;
  const { json, given } = jsonAmong(files, chosen, flags);
  const stop = new AbortController();
  let isTold = false;
  const request = {
    options,
    inputs: isLive ? requireNone(given) : inputsOf(chosen, given),
    wanted: place && {
      ending: place.ending,
      each: place.each,
      held: (ending = "") => heldAt(`${place.path}${ending}`),
    },
    onText: flags.json
      ? undefined
      : (text: string) => {
          isTold = true;
          endProgress();
          process.stdout.write(text);
        },
  };
  const unlisten = isLive ? onStop(() => stop.abort()) : () => {};
  const surroundings = isLive ? { ...around, signal: stop.signal } : around;
  try {
    for await (const output of chosen.run(model, request, surroundings))
      await put(output, { made: place, json }, flags, isTold);
  } finally {
    unlisten();
    endProgress();
  }
}

async function placeOf({ makes }: Use, { out }: VerbFlags): Promise<OutputPlace | undefined> {
  if (!makes || (makes.isOptional && out === undefined)) return undefined;
  return checkOutput(out, makes);
}

/** With `--json`, a file of its kind that the use could not read is where the object goes. */
function jsonAmong(
  files: readonly string[],
  { inputs }: Use,
  { json }: VerbFlags,
): { json?: string; given: readonly string[] } {
  const isPlace = (file: string) => extname(file) === ".json" && inputs && !inputs.endings.includes(".json");
  const place = json ? files.find(isPlace) : undefined;
  return { json: place, given: files.filter((file) => file !== place) };
}

async function heldAt(path: string): Promise<Uint8Array | undefined> {
  const isThere = await stat(path).catch(() => undefined);
  return isThere && readInput(path).bytes;
}

function inputsOf({ verb, inputs }: Use, files: readonly string[]) {
  if (inputs && files.length > 0) return readInputs(files, inputs);
  if (!inputs) return requireNone(files);
  throw new CommandError(
    `there are no ${inputs.name} to ${verb}`,
    "no file behind the model",
    `give ${inputs.name} or a folder of them behind the model`,
  );
}

function requireNone(files: readonly string[]): [] {
  if (files.length === 0) return [];
  throw new CommandError("no files are taken here", files.join(" "), "leave them out");
}

/** `isTold`: people have read it while it was made. */
async function put(
  output: Output,
  { made: place, json: jsonPlace }: Places,
  { json, out }: VerbFlags,
  isTold: boolean,
): Promise<void> {
  endProgress();
  if (output.kind === "file") return writeOutput(place!, output);
  const { figures, text, remark } = output;
  if (json) {
    const object = `${JSON.stringify({ ...(place ? { out: place.path } : {}), ...figures })}\n`;
    if (jsonPlace === undefined) process.stdout.write(object);
    else await openFolder(dirname(jsonPlace)).write(basename(jsonPlace), object);
    return;
  }
  const lines = () => Object.entries(figures).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  const shown = text ?? (isTold || remark !== undefined ? undefined : lines().join("\n"));
  if (shown !== undefined) process.stdout.write(`${shown}\n`);
  const written = place && `written to ${out}`;
  const notes = [remark, written].filter(Boolean).join("; ");
  if (notes) process.stderr.write(`${notes}\n`);
}
