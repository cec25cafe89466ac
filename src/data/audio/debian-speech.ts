/** Speech in Debian's packages. */
import { realpath } from "node:fs/promises";
import { basename, join } from "node:path";
import { MissingFileError } from "../../files/errors.js";
import { leftOutOf } from "../images/left-out.js";
import { type Listing, type Row, recordingsOf } from "./listing.js";
import { folderPlace, isSound, linesOf, type Place, stemOf, textOf } from "./place.js";
import type { RecordingSet } from "./recording.js";

/** What they can be asked for by: the name, and with a language behind it, such as asterisk-fr or fillets-nl. */
export const DEBIAN_SETS = ["asterisk", "fillets"] as const;

/** The recordings of a package that is installed under `root`, undefined for another name. Throws `MissingFileError`. */
export async function debianSpeech(name: string, root = "/usr/share"): Promise<RecordingSet | undefined> {
  const [, set, language] = /^(asterisk|fillets)(?:-([a-z]{2}))?$/.exec(name) ?? [];
  if (set === "asterisk") return asterisk(language ?? "en", root);
  if (set === "fillets") return filletsFolder(language ?? "cs", root);
  return undefined;
}

/**
 * Asterisk's prompts, of one speaker each language: lines "name: text", those with ; are comments. What stands in brackets
 * describes sounds; a prompt of nothing else is left out.
 */
async function asterisk(language: string, root: string): Promise<RecordingSet> {
  const sounds = join(root, "asterisk", "sounds", language);
  const documentation = join(root, "doc", `asterisk-core-sounds-${language}`);
  const list = `core-sounds-${language}.txt.gz`;
  const packages = `asterisk-core-sounds-${language}-wav asterisk-core-sounds-${language}`;
  const place = await installed(sounds, packages);
  const speaker = basename(await realpath(sounds));
  const rows: Row[] = [];
  const wordless: string[] = [];
  for (const line of await linesOf(await installed(documentation, packages, [list]), list)) {
    const [, path, description] = /^([^;:]+):(.*)$/.exec(line) ?? [];
    if (path === undefined) continue;
    const text = description.replace(/\[[^\]]*\]|<[^>]*>|\([^)]*\)/g, " ").trim();
    if (text === "") wordless.push(path);
    else rows.push({ path, list, id: path, text, speaker });
  }
  const leftOut = leftOutOf("prompt", "without words", wordless);
  return recordingsOf(place, { layout: "Asterisk's prompts", rows, passedOver: wordless, leftOut });
}

async function filletsFolder(language: string, root: string): Promise<RecordingSet> {
  const packages = `fillets-ng-data fillets-ng-data-${language}`;
  const place = await installed(join(root, "games", "fillets-ng"), packages);
  const listing = await fillets(place, language);
  if (!listing) throw notInstalled(`no speech in "${language}" in ${place.location}`, packages);
  return recordingsOf(place, listing);
}

/**
 * Dialogues of Fish Fillets: script/LEVEL/dialogs_LANGUAGE.lua with dialogId("id", "font_SPEAKER", "English") and
 * dialogStr("text"), and sound/LEVEL/LANGUAGE/id.ogg. The group is the level.
 */
export async function fillets(place: Place, language = "cs"): Promise<Listing | undefined> {
  const sounds = place.names.filter((name) => isSound(name) && name.includes(`/${language}/`));
  const scripts = place.names.filter((name) => new RegExp(`^script/.*dialogs_${language}\\.lua$`).test(name));
  if (sounds.length === 0 || scripts.length === 0) return undefined;
  const spoken = new Map<string, Spoken>();
  for (const script of scripts) {
    for (const [id, line] of dialoguesIn(await textOf(place, script))) {
      // Levels repeat some names, and some borrow a dialogue.
      spoken.set(`${levelOf(script)}/${id}`, line);
      if (!spoken.has(id)) spoken.set(id, line);
    }
  }
  const rows = sounds.map((path): Row => {
    const level = levelOf(path);
    const line = spoken.get(`${level}/${stemOf(path)}`) ?? spoken.get(stemOf(path));
    return { path, list: "", ...line, group: level };
  });
  return { layout: "Fish Fillets' dialogues", rows };
}

interface Spoken {
  readonly text: string;
  readonly speaker: string | undefined;
}

function dialoguesIn(script: string): [string, Spoken][] {
  const literal = String.raw`\s*"((?:[^"\\]|\\.)*)"\s*`;
  const call = new RegExp(`dialogId\\(${literal},${literal},${literal}\\)\\s*dialogStr\\(${literal}\\)`, "g");
  return [...script.matchAll(call)].map(([, id, font, , text]) => [
    id,
    {
      text: text.replace(/\\n/g, " ").replace(/\\(.)/g, "$1"),
      speaker: font.replace(/^font_/, "") || undefined,
    },
  ]);
}

/** The second folder of script/LEVEL/... and sound/LEVEL/... */
function levelOf(name: string): string {
  return name.split("/")[1];
}

async function installed(folder: string, packages: string, some?: readonly string[]): Promise<Place> {
  const place = await folderPlace(folder, some).catch(() => undefined);
  const isThere = place && (some ? await place.has(some[0]) : place.names.length > 0);
  if (isThere) return place;
  throw notInstalled(`no ${folder}`, packages);
}

function notInstalled(found: string, packages: string): MissingFileError {
  return new MissingFileError(
    "a package of speech is not installed",
    found,
    `run apt-get install ${packages}, or give the path of other recordings`,
  );
}
