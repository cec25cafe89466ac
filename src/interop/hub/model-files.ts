/** Which files of a repository or of a snapshot make a model. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { HubError } from "./errors.js";
import type { HubFile, Listing } from "./listing.js";

export const indexFile = "model.safetensors.index.json";
const weightsFile = "model.safetensors";
const adapterFile = "adapter_model.safetensors";
const smallFiles = [
  ...["config.json", "generation_config.json", "adapter_config.json"],
  ...["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.json", "merges.txt"],
  ...["chat_template.jinja", "chat_template.json"],
];

/** Whether the weights lie in several files, which `indexFile` names. */
export function isSharded({ files }: Listing): boolean {
  return !files.has(weightsFile) && files.has(indexFile);
}

/**
 * What to fetch, weights last: a snapshot with weights then has everything. Throws `HubError` when there are
 * none that are safe to open, when a shard is not there, or when nothing says what model it is.
 */
export function chooseFiles({ files }: Listing, shards: readonly string[], repository: string): HubFile[] {
  const weights = shards.length > 0 ? [indexFile, ...shards] : [weightsFile];
  const missing = shards.find((shard) => !files.has(shard));
  if (missing !== undefined) throw shardMissing(missing, repository);
  const chosen = [...smallFiles, ...weights, adapterFile].flatMap((path) => files.get(path) ?? []);
  const pairs = [
    ["config.json", weights[0]],
    ["adapter_config.json", adapterFile],
  ];
  if (pairs.some((pair) => pair.every((name) => files.has(name)))) return chosen;
  throw pairs.some(([, name]) => files.has(name))
    ? noConfig(repository)
    : noWeights([...files.keys()], repository);
}

/** The files that an index of shards names, in order. Throws `HubError` for an index without such names. */
export async function shardsOf(path: string): Promise<string[]> {
  const text = await readFile(path, "utf8");
  let places: unknown[];
  try {
    places = Object.values(JSON.parse(text).weight_map);
  } catch {
    places = [];
  }
  const isName = (place: unknown) => typeof place === "string" && /^\w[\w.-]*\.safetensors$/.test(place);
  if (places.length > 0 && places.every(isName)) return [...new Set(places as string[])].sort();
  throw new HubError(
    "the index of the model's weights is damaged",
    `${path}: weight_map does not name .safetensors files beside it`,
    "tell the model's owner; use another revision or model",
  );
}

/** Whether a snapshot of the cache has a config and all its weights. */
export async function isWholeModel(snapshot: string): Promise<boolean> {
  const has = (name: string) =>
    stat(join(snapshot, name)).then(
      (stats) => stats.isFile(),
      () => false,
    );
  const hasAll = async (names: readonly string[]) => (await Promise.all(names.map(has))).every(Boolean);
  if (await hasAll(["adapter_config.json", adapterFile])) return true;
  if (!(await has("config.json"))) return false;
  if (await has(weightsFile)) return true;
  return (await has(indexFile)) && hasAll(await shardsOf(join(snapshot, indexFile)));
}

function shardMissing(shard: string, repository: string): HubError {
  return new HubError(
    "a file of the model's weights is missing on the Hub",
    `${repository}: ${indexFile} names ${shard}, which is not there`,
    "tell the model's owner; use another revision or model",
  );
}

function noConfig(repository: string): HubError {
  return new HubError(
    "the repository does not say what model its weights are",
    `${repository} has weights and no config.json`,
    "use another revision or copy of the model",
  );
}

function noWeights(names: readonly string[], repository: string): HubError {
  const pickled = names.find((name) => /\.(bin|pt|pth|ckpt)$/.test(name));
  if (pickled !== undefined) {
    return new HubError(
      "the model's weights are in a format that can run code when it is opened",
      `${repository} has ${pickled}, a Python pickle, and no ${weightsFile}`,
      "look for a revision (such as refs/pr/1) or a copy with safetensors, or convert it where you trust it: " +
        "in Python, AutoModelForCausalLM.from_pretrained(name).save_pretrained(folder, safe_serialization=True)",
    );
  }
  return new HubError(
    "the repository has no weights that can be opened",
    `${repository} has ${names.slice(0, 12).join(", ") || "no files"}`,
    `give a repository with ${weightsFile}`,
  );
}
