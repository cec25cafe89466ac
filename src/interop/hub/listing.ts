/** What the Hub says of a model: the commit of a revision, and the files that a model is made of. */
import { type ListFileEntry, listFiles, modelInfo } from "@huggingface/hub";
import { HubError } from "./errors.js";
import { isSafePath, type ModelName } from "./name.js";

/** A file of a repository and what proves that its bytes are right. */
export interface HubFile {
  readonly path: string;
  readonly size: number;
  /** Hex. Also the name of the blob in the cache. */
  readonly checksum: string;
  /** Large files have a SHA-256 of their own, small ones the SHA-1 that Git names them by. */
  readonly algorithm: "sha256" | "git";
}

export interface Listing {
  readonly commit: string;
  /** The files at the top of the repository, by name. */
  readonly files: ReadonlyMap<string, HubFile>;
}

/** Asks the Hub. Throws `HubError` for a refusal and for an answer that cannot be trusted. */
export async function listModel(
  { repository: name, revision }: ModelName,
  hubUrl: string,
  fetch: HubFetch,
): Promise<Listing> {
  const ask = { hubUrl, fetch };
  const { sha: commit } = await understood(modelInfo({ name, revision, additionalFields: ["sha"], ...ask }));
  if (typeof commit !== "string" || !/^[0-9a-f]{40}$/.test(commit)) throw untrusted(name, "commit", commit);
  const files = new Map<string, HubFile>();
  const entries = listFiles({ repo: { type: "model", name }, revision: commit, ...ask });
  for (;;) {
    const { done, value: entry } = await understood(entries.next());
    if (done) return { commit, files };
    checkPath(entry, name);
    if (entry.type === "file") files.set(entry.path, hubFile(entry, name));
  }
}

type HubFetch = typeof fetch;

/** A page of an error or a login, in place of the Hub's JSON, is no reason to crash. */
async function understood<T>(answer: Promise<T>): Promise<T> {
  return answer.catch((cause) => {
    if (cause instanceof HubError) throw cause;
    throw new HubError(
      "the server does not answer as the Hugging Face Hub does",
      (cause as Error).message.slice(0, 200),
      "check HF_ENDPOINT, and whether a login page or a proxy stands before the network",
      { cause },
    );
  });
}

function checkPath(entry: ListFileEntry, name: string): void {
  if (typeof entry?.path === "string" && isSafePath(entry.path)) return;
  throw untrusted(name, "file", entry?.path);
}

function hubFile({ path, size, oid, lfs }: ListFileEntry, name: string): HubFile {
  const checksum = lfs?.oid ?? oid;
  const algorithm = lfs ? "sha256" : "git";
  const isHex = typeof checksum === "string" && (lfs ? /^[0-9a-f]{64}$/ : /^[0-9a-f]{40}$/).test(checksum);
  if (!isHex) throw untrusted(name, `checksum of ${path}`, checksum);
  if (!Number.isSafeInteger(size) || size < 0) throw untrusted(name, `size of ${path}`, size);
  return { path, size, checksum, algorithm };
}

/** Names and checksums become paths in the cache: one that leads elsewhere is an attack or a broken server. */
function untrusted(name: string, what: string, value: unknown): HubError {
  return new HubError(
    "the server lists what no repository can have",
    `${name}, ${what}: ${JSON.stringify(value)?.slice(0, 120)}`,
    "nothing of it was fetched. Check HF_ENDPOINT; use another copy of the model",
  );
}
