import { ModelCache } from "./cache.js";
import { download } from "./download.js";
import { HubError, HubUnreachableError } from "./errors.js";
import { type HubFile, type Listing, listModel } from "./listing.js";
import { chooseFiles, indexFile, isSharded, shardsOf } from "./model-files.js";
import { readName } from "./name.js";
import { hubFetch } from "./requests.js";
import { type HubOptions, hubSettings } from "./settings.js";

/** How far the download of a model is; files that are in the cache already are not counted. */
export interface FetchProgress {
  readonly file: string;
  /** Bytes of this file that are here, those of an earlier call included. */
  readonly received: number;
  readonly total: number;
  readonly files: number;
  /** From 0. */
  readonly fileIndex: number;
}

/** Which revision to fetch, and what to tell meanwhile. */
export interface FetchOptions extends HubOptions {
  /** A branch, tag or commit. Default: the one after "@" in the name, or main. */
  readonly revision?: string;
  /** Called as bytes arrive. */
  readonly onProgress?: (progress: FetchProgress) => void;
  /** Aborting leaves what has arrived, for the next call. */
  readonly signal?: AbortSignal;
}

/** See `fetchModel`; the name is that of a repository. */
export async function fetchFromHub(text: string, options: FetchOptions): Promise<string> {
  const name = readName(text, options.revision);
  const settings = await hubSettings(options);
  const cache = new ModelCache(settings.cacheFolder, name.repository);
  const source = `${name.repository}@${name.revision}`;
  if (settings.offline) {
    const found = await cache.find(name.revision);
    if (found !== undefined) return found;
    throw notCached(source, cache);
  }
  const fetch = hubFetch(settings, name, options.signal);
  try {
    const listing = await listModel(name, settings.endpoint, fetch);
    const address = `${settings.endpoint}/${name.repository}/resolve/${listing.commit}`;
    const fetchFiles = (files: HubFile[], report: FetchOptions["onProgress"]) =>
      fetchMissing(files, { cache, address, fetch, commit: listing.commit, signal: options.signal, report });
    const shards = isSharded(listing) ? await readShards(listing, cache, fetchFiles) : [];
    await fetchFiles(chooseFiles(listing, shards, name.repository), options.onProgress);
    await cache.setRevision(name.revision, listing.commit);
    return cache.snapshot(listing.commit);
  } catch (error) {
    options.signal?.throwIfAborted();
    const found = error instanceof HubUnreachableError ? await cache.find(name.revision) : undefined;
    if (found !== undefined) return found;
    throw explained(error, cache);
  }
}

/** The index is fetched ahead of the rest, because it says what the rest is. */
async function readShards(
  { commit, files }: Listing,
  cache: ModelCache,
  fetchFiles: (files: HubFile[], report: undefined) => Promise<void>,
): Promise<string[]> {
  await fetchFiles([files.get(indexFile)!], undefined);
  return shardsOf(`${cache.snapshot(commit)}/${indexFile}`);
}

interface Source {
  readonly cache: ModelCache;
  /** The address that file names are added to. */
  readonly address: string;
  readonly fetch: typeof fetch;
  readonly commit: string;
  readonly signal: AbortSignal | undefined;
  readonly report: FetchOptions["onProgress"];
}

async function fetchMissing(wanted: readonly HubFile[], source: Source): Promise<void> {
  const { cache, address, fetch, commit, signal, report } = source;
  const missing: HubFile[] = [];
  for (const file of wanted) if (!(await cache.has(file, commit))) missing.push(file);
  for (const [fileIndex, file] of missing.entries()) {
    const counts = { file: file.path, total: file.size, files: missing.length, fileIndex };
    const onReceived = (received: number) => report?.({ received, ...counts });
    const url = `${address}/${encodeURIComponent(file.path)}`;
    await download({ file, url, target: cache.blob(file), fetch, onReceived, signal });
    await cache.link(file, commit);
  }
}

function notCached(source: string, { location }: ModelCache): HubError {
  return new HubError(
    "the model is not in the cache, and the Hub may not be asked",
    `${source}: not, or not as a whole, in ${location}; HF_HUB_OFFLINE or the option offline is set`,
    "unset HF_HUB_OFFLINE to fetch it, or copy that folder from a machine that has it",
  );
}

/** What the disk refuses, in our three parts; every other error as it is. */
function explained(error: unknown, { location }: ModelCache): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (error instanceof HubError ? "" : code) {
    case "ENOSPC":
    case "EDQUOT":
      return new HubError(
        "the disk is full",
        `${code} while fetching into ${location}; what is there is kept`,
        "free some space, or set HF_HUB_CACHE to a folder on a larger disk, then run again: it goes on",
        { cause: error },
      );
    case "EACCES":
    case "EPERM":
    case "EROFS":
    case "ENOTDIR":
    case "EEXIST":
      return new HubError(
        "the cache folder cannot be written to",
        message,
        "change its permissions, or set HF_HUB_CACHE to another folder",
        { cause: error },
      );
    default:
      return error;
  }
}
