/** The weights of a model folder: one safetensors file, shards listed in an index, or a GGUF file. */
import type { Folder } from "../files/folder.js";
import { CheckpointError } from "./errors.js";
import { listed, readJson } from "./folder-files.js";
import { GgufFolder } from "./gguf/gguf-folder.js";
import { openSafetensors, type TensorFile } from "./safetensors.js";
import type { TensorEntry } from "./safetensors-header.js";

export const weightsFile = "model.safetensors";
const indexFile = "model.safetensors.index.json";

/** Opens a folder's weights. Throws `CheckpointError` when there are none, or none that are safe to open. */
export async function openWeights(folder: Folder): Promise<TensorFile> {
  if (folder instanceof GgufFolder) return folder.openWeights();
  if ((await folder.size(weightsFile)) !== undefined) return openSafetensors(folder, weightsFile);
  if ((await folder.size(indexFile)) !== undefined) return openShards(folder);
  const names = await folder.list("");
  const pickled = names.find((name) => /\.(bin|pt|pth|ckpt)$/.test(name));
  if (pickled) {
    throw new CheckpointError(
      "the weights are in a format that can run code when it is opened",
      `${folder.location}/${pickled}`,
      "convert them once, where you trust them: in Python, AutoModelForCausalLM.from_pretrained(folder)" +
        ".save_pretrained(folder, safe_serialization=True); or download the model's safetensors version",
    );
  }
  throw new CheckpointError(
    "the folder has no weights",
    `${folder.location} has ${await listed(folder)}`,
    `give a folder with ${weightsFile}`,
  );
}

async function openShards(folder: Folder): Promise<TensorFile> {
  const source = `${folder.location}/${indexFile}`;
  const places = readWeightMap(await readJson(folder, indexFile), source);
  const shards = new Map<string, TensorFile>();
  for (const file of new Set(places.values())) shards.set(file, await openSafetensors(folder, file));
  const entries = new Map<string, TensorEntry>();
  for (const [file, shard] of shards) {
    for (const [name, entry] of shard.entries) {
      if (places.get(name) !== file) throw misplaced(source, name, file, places.get(name));
      entries.set(name, entry);
    }
  }
  for (const [name, file] of places) {
    if (!entries.has(name)) throw misplaced(source, name, undefined, file);
  }
  const shardOf = (name: string) => shards.get(places.get(name)!) ?? [...shards.values()][0];
  return { entries, metadata: {}, read: (name, target) => shardOf(name).read(name, target) };
}

function readWeightMap(index: Readonly<Record<string, unknown>>, source: string): Map<string, string> {
  const map = index.weight_map;
  const places = typeof map === "object" && map !== null ? Object.entries(map) : [];
  const isFileName = (file: unknown) => typeof file === "string" && /^[\w.-]+\.safetensors$/.test(file);
  const wrong = places.find(([, file]) => !isFileName(file));
  if (places.length > 0 && !wrong) return new Map(places);
  throw new CheckpointError(
    "the index of the weights is damaged",
    `${source}: ${wrong ? `${wrong[0]} is in ${JSON.stringify(wrong[1])}` : "weight_map names no tensor"}`,
    "fetch the index again; it maps each tensor to a .safetensors file beside it",
  );
}

function misplaced(source: string, name: string, found: string | undefined, listed: string | undefined) {
  return new CheckpointError(
    "the shards of the weights do not fit their index",
    `${source}: ${name} is listed in ${listed ?? "no file"} and found in ${found ?? "none"}`,
    "fetch all shards and the index again, from one version of the model",
  );
}
