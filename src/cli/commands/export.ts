import { mkdir, readdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Command, Option } from "commander";
import { AutodidactError } from "../../core/errors.js";
import { openFolder } from "../../files/disk.js";
import type { Folder } from "../../files/folder.js";
import type { Checkpoint } from "../../interop/model-folder.js";
import type { Export, Modality, Named } from "../../modalities/modality.js";
import { findNamed } from "../../modalities/saved.js";
import { aroundOf } from "../around.js";
import { checkpointOption } from "../checkpoint-option.js";
import { formatBytes } from "../terminal/format.js";

/** What was asked for cannot be exported, or not to this place. */
export class ExportError extends AutodidactError {}

interface ExportFlags {
  format: string;
  out: string;
  precision?: string;
  checkpoint: Checkpoint;
  json?: boolean;
}

/** `autodidact export`: a model in the files of other programs. */
export function exportCommand(modalities: readonly Modality[]): Command {
  const forms = formsOf(modalities);
  const width = Math.max(...forms.map(({ name }) => name.length));
  return new Command("export")
    .description("Write a model in the form that other programs read.")
    .argument("<model>", "a run, a model folder, or a name on the Hugging Face Hub")
    .addOption(
      new Option("--format <name>", "what to write")
        .choices(forms.map(({ name }) => name))
        .makeOptionMandatory(),
    )
    .requiredOption("--out <folder>", "a new or empty folder to write to")
    .option("--precision <type>", `how to keep the weights (default: float32): ${precisionsOf(forms)}`)
    .addOption(checkpointOption())
    .option("--json", "print one JSON object with the files")
    .addHelpText(
      "after",
      `
Formats:
${forms.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join("\n")}

Examples:
${forms.map(({ name, precisions }) => `  autodidact export runs/notes --format ${name}${precisions.length > 1 ? ` --precision ${precisions.at(-1)}` : ""} --out dist/${name}`).join("\n")}`,
    )
    .action((name: string, flags: ExportFlags) => writeExport(name, flags, modalities));
}

/** Every form once, with all precisions that some kind of model has in it. */
function formsOf(modalities: readonly Modality[]): Pick<Export, "name" | "summary" | "precisions">[] {
  const all = modalities.flatMap(({ kinds }) => kinds).flatMap((kind) => kind.exports);
  return [...new Set(all.map(({ name }) => name))].map((name) => {
    const same = all.filter((form) => form.name === name);
    return { ...same[0], precisions: [...new Set(same.flatMap(({ precisions }) => precisions))] };
  });
}

function precisionsOf(forms: ReturnType<typeof formsOf>): string {
  return forms
    .filter(({ precisions }) => precisions.length > 1)
    .map(({ name, precisions }) => `${name} takes ${precisions.join(", ")}`)
    .join("; ");
}

async function writeExport(
  name: string,
  { format, precision, checkpoint, ...flags }: ExportFlags,
  modalities: readonly Modality[],
) {
  const around = aroundOf(modalities);
  const model = await findNamed(name, checkpoint, around);
  const form = formOf(model, format);
  const kept = precisionOf(form, precision);
  const out = resolve(flags.out);
  await intoNewFolder(out, (to) => form.write(model, to, kept, around));
  const files = await filesOf(openFolder(out), "");
  const lines = files.map(({ name, bytes }) => `${join(flags.out, name)}  ${formatBytes(bytes)}\n`);
  process.stdout.write(flags.json ? `${JSON.stringify({ format, out, files })}\n` : lines.join(""));
}

function formOf({ name, kind }: Named, format: string): Export {
  const form = kind.exports.find((form) => form.name === format);
  if (form) return form;
  throw new ExportError(
    "the model is not exported like that",
    `--format ${format}; ${name} holds a ${kind.name}`,
    `choose one of ${kind.exports.map((form) => form.name).join(", ")}`,
  );
}

function precisionOf({ name, precisions }: Export, precision = precisions[0]): string {
  if (precisions.includes(precision)) return precision;
  throw new ExportError(
    "the format does not have this precision",
    `--precision ${precision} for ${name}`,
    `choose one of ${precisions.join(", ")}`,
  );
}

/** Lets `write` fill a folder that is new or empty; when it fails, all is as it was before. */
async function intoNewFolder(out: string, write: (to: Folder) => Promise<void>): Promise<void> {
  const made = await mkdir(out, { recursive: true }).catch((cause: Error) => {
    throw new ExportError("the output folder cannot be made", cause.message, anotherFolder, { cause });
  });
  const names = await readdir(out);
  if (names.length > 0) {
    const more = names.length > 5 ? ", ..." : "";
    throw new ExportError(
      "the output folder is not empty",
      `${out} has ${names.slice(0, 5).join(", ")}${more}`,
      anotherFolder,
    );
  }
  const folder = openFolder(out);
  try {
    await write(folder.folder(partial));
    for (const name of await folder.list(partial)) await folder.rename(`${partial}/${name}`, name);
    await folder.remove(partial);
  } catch (error) {
    const written = made ? [made] : (await readdir(out)).map((name) => join(out, name));
    for (const path of written) await rm(path, { recursive: true, force: true });
    throw error;
  }
}

/** Where the files are until all of them are there. */
const partial = "partial";
const anotherFolder = "choose another --out: an export wants a new or an empty folder";

async function filesOf(folder: Folder, path: string): Promise<{ name: string; bytes: number }[]> {
  const found = [];
  for (const entry of await folder.list(path)) {
    const name = path ? `${path}/${entry}` : entry;
    const bytes = await folder.size(name);
    found.push(...(bytes === undefined ? await filesOf(folder, name) : [{ name, bytes }]));
  }
  return found;
}
