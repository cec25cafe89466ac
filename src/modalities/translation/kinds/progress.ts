/** How far a file of pairs is that grows while they are made, in a file beside it. */
import { z } from "zod";
import { GenerationError } from "../../../generation/errors.js";
import type { Output, UseRequest } from "../../modality.js";

const ending = ".progress.json";

const schema = z.object({
  /** With others the pairs would be others. */
  settings: z.record(z.string(), z.union([z.string(), z.number()])),
  /** So many sentences have been read. */
  sentences: z.int(),
  pairs: z.int(),
  /** Of the pairs. */
  bytes: z.int(),
  /** Sentences of which there is no pair, by why. */
  leftOut: z.record(z.string(), z.int()),
});
/** What is done. What the file holds beyond it was not finished. */
export type Progress = z.output<typeof schema>;

/** The file beside the pairs that tells it. */
export function progressFile(progress: Progress): Output {
  const bytes = new TextEncoder().encode(`${JSON.stringify(progress, null, 2)}\n`);
  return { kind: "file", name: "pairs", bytes, beside: ending };
}

/** What is done of the file that is wanted. Throws `GenerationError` where it holds what these settings do not make. */
export async function progressOf(
  wanted: UseRequest["wanted"],
  settings: Progress["settings"],
): Promise<Progress> {
  const held = await wanted?.held?.();
  if (held === undefined) return { settings, sentences: 0, pairs: 0, bytes: 0, leftOut: {} };
  const told = parsed(await wanted?.held?.(ending));
  if (!told) throw cannotGoOn(`nothing beside it, in a file ending in ${ending}, tells what is done`);
  if (told.bytes > held.length) throw cannotGoOn(`it holds ${held.length} of ${told.bytes} bytes written`);
  const names = Object.keys({ ...told.settings, ...settings });
  const changed = names.filter((name) => told.settings[name] !== settings[name]);
  if (changed.length === 0) return told;
  const changes = changed.map((name) => `${name} ${told.settings[name]}, now ${settings[name]}`);
  throw cannotGoOn(`it was begun with ${changes.join("; ")}`);
}

function parsed(bytes: Uint8Array | undefined): Progress | undefined {
  try {
    return schema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return undefined;
  }
}

function cannotGoOn(found: string): GenerationError {
  return new GenerationError(
    "there is a file already that cannot be gone on with",
    found,
    "give another --out, or remove the file to begin anew",
  );
}
