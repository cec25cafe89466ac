import { mkdir, readdir, rm } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { Command, Option } from "commander";
import { AutodidactError } from "../../core/errors.js";
import { loadTokenizer } from "../../features/tokenizer/load-tokenizer.js";
import { openFolder } from "../../files/disk.js";
import type { Folder } from "../../files/folder.js";
import { adapterConfigFile, loadAdapter, saveAdapter } from "../../interop/adapter.js";
import { exportGguf } from "../../interop/gguf/export.js";
import type { GgufType } from "../../interop/gguf/tensor-types.js";
import { isImageModel, openImageModel, saveImageModel } from "../../interop/image-folder.js";
import { exportImageOnnx } from "../../interop/image-onnx.js";
import { type Checkpoint, locateModel, openModel, saveModel } from "../../interop/model-folder.js";
import { exportOnnx } from "../../interop/onnx-export.js";
import { checkpointOption, openBase } from "../models.js";
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

/** What is exported. */
interface Source {
  /** The folder that holds the model or adapter itself. */
  readonly folder: Folder;
  /** The last part of the path that was given. */
  readonly name: string;
}

type Write = (to: Folder, source: Source) => Promise<void>;

/** The model; an adapter is merged into its base. */
const modelOf = ({ folder }: Source) => openModel(folder, "latest", openBase);

const safetensors: Write = async (to, source) => {
  if (!(await isImageModel(source.folder))) return saveModel(to, await modelOf(source));
  const saved = await openImageModel(source.folder);
  await saveImageModel(to, saved.model, saved.weights, saved);
};
const onnx =
  (weights: "float32" | "int8" | "int4"): Write =>
  async (to, source) => {
    if (!(await isImageModel(source.folder))) return exportOnnx(to, await modelOf(source), { weights });
    if (weights !== "float32") throw onlyText(source, `--precision ${weights}`);
    await exportImageOnnx(to, await openImageModel(source.folder));
  };
const gguf =
  (type: GgufType): Write =>
  async (to, source) => {
    if (await isImageModel(source.folder)) throw onlyText(source, "--format gguf");
    await exportGguf(to, source.name, await modelOf(source), { type });
  };

function onlyText({ folder }: Source, flag: string): ExportError {
  return new ExportError(
    "a model of images is not exported like that",
    `${flag} for ${folder.location}`,
    "export it as safetensors, or as onnx in float32",
  );
}

const adapter: Write = async (to, { folder }) => {
  if ((await folder.size(adapterConfigFile)) === undefined) {
    throw new ExportError(
      "the model is not an adapter",
      `${folder.location} has no ${adapterConfigFile}`,
      "export it as safetensors; training writes adapters where a recipe has model.lora",
    );
  }
  const saved = await loadAdapter(folder);
  const { model } = await openModel(await openBase(saved.base));
  await saveAdapter(to, saved, model, await loadTokenizer(folder));
};

/** What each format can keep the weights in, the default first. */
const formats: Record<string, Record<string, Write>> = {
  safetensors: { float32: safetensors },
  onnx: { float32: onnx("float32"), int8: onnx("int8"), int4: onnx("int4") },
  gguf: { float32: gguf("F32"), float16: gguf("F16"), q8_0: gguf("Q8_0") },
  adapter: { float32: adapter },
};

/** `autodidact export`: a model in the files of other programs. */
export function exportCommand(): Command {
  return new Command("export")
    .description("Write a model in the form that other programs read.")
    .argument("<folder>", "a run, or a model folder")
    .addOption(
      new Option("--format <name>", "what to write").choices(Object.keys(formats)).makeOptionMandatory(),
    )
    .requiredOption("--out <folder>", "a new or empty folder to write to")
    .option("--precision <type>", `how to keep the weights (default: float32): ${precisions()}`)
    .addOption(checkpointOption())
    .option("--json", "print one JSON object with the files")
    .addHelpText(
      "after",
      `
Formats:
  safetensors  a folder for Hugging Face Transformers and everything built on it
  onnx         the same with onnx/model.onnx, for @huggingface/transformers in Node and browsers
  gguf         one file for llama.cpp and everything built on it
  adapter      of a LoRA run: the adapter alone, for PEFT; the other formats have it merged into its base

Examples:
  autodidact export runs/notes --format gguf --precision q8_0 --out dist/gguf
  autodidact export runs/notes --format onnx --out dist/onnx`,
    )
    .action((folder: string, flags: ExportFlags) => writeExport(folder, flags));
}

function precisions(): string {
  return Object.entries(formats)
    .filter(([, kinds]) => Object.keys(kinds).length > 1)
    .map(([format, kinds]) => `${format} takes ${Object.keys(kinds).join(", ")}`)
    .join("; ");
}

async function writeExport(path: string, { format, precision, checkpoint, ...flags }: ExportFlags) {
  const write = writerOf(format, precision);
  const folder = await locateModel(await openBase(path), checkpoint);
  const out = resolve(flags.out);
  await intoNewFolder(out, (to) => write(to, { folder, name: basename(path) }));
  const files = await filesOf(openFolder(out), "");
  const lines = files.map(({ name, bytes }) => `${join(flags.out, name)}  ${formatBytes(bytes)}\n`);
  process.stdout.write(flags.json ? `${JSON.stringify({ format, out, files })}\n` : lines.join(""));
}

function writerOf(format: string, precision?: string): Write {
  const kinds = formats[format];
  const [first] = Object.keys(kinds);
  if (Object.hasOwn(kinds, precision ?? first)) return kinds[precision ?? first];
  throw new ExportError(
    "the format does not have this precision",
    `--precision ${precision} for ${format}`,
    `choose one of ${Object.keys(kinds).join(", ")}.`,
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
