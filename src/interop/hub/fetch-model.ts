import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { HubError } from "./errors.js";
import type { FetchOptions } from "./from-hub.js";
import { isGgufFile } from "./open-model-folder.js";

/**
 * Where a model lies, for `openModelFolder`: `name` itself where it is a folder or a .gguf file, else the folder of the
 * repository "name" or "owner/name", with "@revision" if wanted, fetched into the cache that Python's
 * huggingface_hub uses too. Only what a model needs is fetched, and checked. A Hub that does not answer is no error when the cache has the revision.
 * Throws `HubError`; the signal's reason when aborted.
 */
export async function fetchModel(name: string, options: FetchOptions = {}): Promise<string> {
  const found = name.includes("\0") ? undefined : await stat(name).catch(() => undefined);
  if (found?.isDirectory() || (found && isGgufFile(name))) return resolve(name);
  if (found) {
    throw new HubError(
      "a model is a folder or a .gguf file, this is another file",
      resolve(name),
      "give the folder that it is in",
    );
  }
  // Loaded when needed: the Hub's library takes longer to load than a local model's config to read.
  const { fetchFromHub } = await import("./from-hub.js");
  try {
    return await fetchFromHub(name, options);
  } catch (error) {
    if (!(error instanceof HubError) || error.values.includes(resolve(name))) throw error;
    const Kind = error.constructor as typeof HubError; // a mistyped path looks like a name on the Hub
    const values = `${error.values}; there is no folder or file ${resolve(name)} either`;
    throw new Kind(error.what, values, error.advice, { cause: error.cause });
  }
}
