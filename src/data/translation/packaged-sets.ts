/** Pairs that packages of Debian and npm ship, of English and another language. */
import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { MissingFileError } from "../../files/errors.js";
import type { Reading } from "../reading.js";
import { baseLanguage, isSameLanguage, type PairLanguages } from "./languages.js";
import { libreOfficeHelp, libreOfficeInterface } from "./libreoffice.js";
import type { PackagedSet } from "./packaged-set.js";
import type { TextRow } from "./pair.js";
import { typeScriptMessages } from "./typescript-messages.js";
import { vsCodeMessages } from "./vscode-messages.js";

const SETS: Readonly<Record<string, PackagedSet>> = {
  "libreoffice-help": libreOfficeHelp,
  "libreoffice-ui": libreOfficeInterface,
  typescript: typeScriptMessages,
  vscode: vsCodeMessages,
};

/** The names that they can be asked for by, also with a language behind: libreoffice-help-de. */
export const PACKAGED_SETS = Object.keys(SETS);

/**
 * The set at a path, or of a name where there is no such path; undefined where it is none.
 * @throws MissingFileError where the package is not installed or has not the language.
 */
export async function packagedRows(
  name: string,
  wanted: PairLanguages,
  reading: Reading,
): Promise<{ layout: string; rows: AsyncGenerator<TextRow> } | undefined> {
  if (await isFolder(name)) {
    for (const set of Object.values(SETS)) {
      if (await set.isAt(name)) return setIn(set, name, otherThanEnglish(wanted), reading);
    }
    return undefined;
  }
  const [, key, language] =
    new RegExp(`^(${PACKAGED_SETS.join("|")})(?:-(\\w+(?:-\\w+)?))?$`).exec(name) ?? [];
  if (key === undefined) return undefined;
  const set = SETS[key];
  if (!(await set.isAt(set.folder))) throw notInstalled(set);
  return setIn(set, set.folder, language ?? otherThanEnglish(wanted), reading);
}

async function setIn(set: PackagedSet, folder: string, wanted: string | undefined, reading: Reading) {
  const { prefix = "" } = set;
  const names = (await readdir(join(folder, set.languages), { withFileTypes: true }))
    .filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && entry.name.startsWith(prefix))
    .map((entry) => entry.name.slice(prefix.length))
    .filter((name) => /^[a-z]{2,3}(-\w+)?$/i.test(name) && !isSameLanguage(name, "en"))
    .sort();
  const found = wanted === undefined ? names : names.filter((name) => isSameLanguage(name, wanted));
  if (found.length !== 1) throw noLanguage(set, folder, wanted, names);
  return { layout: set.layout, rows: set.rows(folder, found[0], reading) };
}

function otherThanEnglish({ sourceLanguage, targetLanguage }: PairLanguages): string | undefined {
  return [targetLanguage, sourceLanguage].find((code) => code !== undefined && baseLanguage(code) !== "en");
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true;
}

function notInstalled({ layout, folder, install }: PackagedSet): MissingFileError {
  return new MissingFileError(
    "a package of translations is not installed",
    `no ${layout} in ${resolve(folder)}`,
    `run ${install}, or give the folder where it is`,
  );
}

function noLanguage(
  { layout, install }: PackagedSet,
  folder: string,
  wanted: string | undefined,
  names: readonly string[],
): MissingFileError {
  return new MissingFileError(
    "a package of translations has not one such language",
    `wanted: ${wanted ?? "nothing said"}; ${layout} in ${folder} has ${names.join(", ") || "none beside English"}`,
    `name one with targetLanguage, or get it: ${install}`,
  );
}
