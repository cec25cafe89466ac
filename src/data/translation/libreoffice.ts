/** What LibreOffice's packages of Debian hold. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { glob } from "tinyglobby";
import type { Reading } from "../reading.js";
import { moRows } from "./mo.js";
import type { PackagedSet } from "./packaged-set.js";
import type { TextRow } from "./pair.js";

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: "\u00a0",
};

/**
 * Its help: LANGUAGE/text/PAGE.html, whose headings and paragraphs have an id that is the same in all languages. Tags are
 * left away; so are the alternatives' (for Writer, for macOS), which all are in the text.
 */
export const libreOfficeHelp: PackagedSet = {
  layout: "LibreOffice's help",
  folder: "/usr/share/libreoffice/help",
  install: "apt-get install libreoffice-help-en-us libreoffice-help-de",
  languages: ".",
  isAt: async (folder) => (await filesUnder(folder, "en-US/text/**/*.html")).length > 0,
  rows: helpRows,
};

/** Its interface: compiled catalogues of English messages, LANGUAGE/LC_MESSAGES/MODULE.mo. */
export const libreOfficeInterface: PackagedSet = {
  layout: "LibreOffice's interface",
  folder: "/usr/lib/libreoffice/program/resource",
  install: "apt-get install libreoffice-l10n-de",
  languages: ".",
  isAt: async (folder) => (await filesUnder(folder, "*/LC_MESSAGES/*.mo")).length > 0,
  rows: interfaceRows,
};

async function* helpRows(folder: string, language: string, reading: Reading): AsyncGenerator<TextRow> {
  const [english, other] = ["en-US", language].map((code) => join(folder, code, "text"));
  const translated = new Set(await filesUnder(other, "**/*.html"));
  for (const page of await filesUnder(english, "**/*.html")) {
    reading.check();
    if (!translated.has(page)) {
      reading.passOver("a page is not translated", page);
      continue;
    }
    const translations = paragraphsOf(await readFile(join(other, page), "utf8"));
    for (const [id, text] of paragraphsOf(await readFile(join(english, page), "utf8"))) {
      const translation = translations.get(id);
      if (translation === undefined) reading.passOver("a paragraph is not translated", `${page}#${id}`);
      else yield { texts: { en: text, [language]: translation }, origin: `${page}#${id}`, page };
    }
  }
}

/** The texts of headings and paragraphs by their ids. */
function paragraphsOf(html: string): Map<string, string> {
  const elements = html.matchAll(/<(h[1-6]|p)\b[^>]*?\sid="([^"]+)"[^>]*>([\s\S]*?)<\/\1>/g);
  return new Map([...elements].map(([, , id, inner]) => [id, textOf(inner)]));
}

function textOf(html: string): string {
  const text = html.replace(/<[^>]*>/g, "").replace(/\s+/g, " ");
  return text
    .replace(/&(?:#(\d+)|(\w+));/g, (all, code, name) =>
      code ? String.fromCodePoint(code) : (ENTITIES[name] ?? all),
    )
    .trim();
}

async function* interfaceRows(folder: string, language: string, reading: Reading): AsyncGenerator<TextRow> {
  const messages = join(folder, language, "LC_MESSAGES");
  for (const name of await filesUnder(messages, "*.mo")) {
    const path = join(messages, name);
    const { size, mtimeMs } = await stat(path);
    yield* moRows({ path, format: "mo", isGzip: false, bytes: size, modifiedMs: mtimeMs }, reading);
  }
}

async function filesUnder(folder: string, pattern: string): Promise<string[]> {
  return (await glob(pattern, { cwd: folder })).sort();
}
