import { resolve } from "node:path";
import { HubError } from "./errors.js";

/** A repository of the Hub and one of its branches, tags or commits. */
export interface ModelName {
  /** "gpt2" or "owner/name". */
  readonly repository: string;
  readonly revision: string;
}

/** What the Hub allows as an owner and as a model's name. [huggingface_hub, validate_repo_id] */
const part = /^\w(?:[\w.-]{0,94}\w)?$/;

/** "name", "owner/name" or either with "@revision". Throws `HubError` for anything else. */
export function readName(text: string, revision?: string): ModelName {
  const [repository, ...rest] = text.split("@");
  const ownRevision = rest.length > 0 ? rest.join("@") : undefined;
  if (!isRepository(repository)) throw notAName(text);
  if (revision !== undefined && ownRevision !== undefined && revision !== ownRevision) {
    throw new HubError(
      "a model is asked for in two revisions",
      `${text}, and revision ${revision}`,
      "give one of the two",
    );
  }
  const asked = revision ?? ownRevision ?? "main";
  if (isSafePath(asked) && !/[\s:]/.test(asked)) return { repository, revision: asked };
  throw new HubError(
    "this is not the name of a revision",
    JSON.stringify(asked),
    'give a branch, a tag or a commit of the repository, such as "main"',
  );
}

/** Whether a path with forward slashes stays inside the folder that it is joined to, on every system. */
export function isSafePath(path: string): boolean {
  if (/[\\\0]|^[a-z]:/i.test(path)) return false;
  return path.split("/").every((segment) => !/^\.*$/.test(segment));
}

function isRepository(text: string): boolean {
  const parts = text.split("/");
  const isForbidden = /--|\.\.|\.git$/.test(text);
  return parts.length <= 2 && !isForbidden && parts.every((each) => part.test(each));
}

function notAName(text: string): HubError {
  return new HubError(
    "this is neither a folder nor the name of a model on the Hugging Face Hub",
    `${JSON.stringify(text)}; there is no folder ${resolve(text.replaceAll("\0", ""))}`,
    "check the folder's path, or give owner/name as on the model's page, such as openai-community/gpt2",
  );
}
