import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { glob } from "tinyglobby";
import { DataError } from "../../files/errors.js";
import { parseJson } from "../../files/json.js";
import type { Reading } from "../reading.js";
import type { PackagedSet } from "./packaged-set.js";
import type { TextRow } from "./pair.js";
import { STRING_LITERAL, textOfLiteral } from "./string-literal.js";

const EDITOR = "monaco-vscode-api";
const PACK = "monaco-vscode-language-pack-";

/** How the editor writes a message: localize(12, "Close {0}", name) */
const MESSAGE = new RegExp(String.raw`\blocalize2?\(\s*(\d+),\s*(${STRING_LITERAL})`, "g");

/**
 * The messages of VS Code. Those of the editor have numbers: a language pack has them in a list, translations/
 * main.i18n.json.js, and their English stands where the editor uses them. Those of extensions are found by their English,
 * in translations/extensions/NAME.i18n.json under `bundle`. [npm, @codingame/monaco-vscode-api@25]
 */
export const vsCodeMessages: PackagedSet = {
  layout: "VS Code's messages",
  folder: "node_modules/@codingame",
  install: `npm install @codingame/${EDITOR} @codingame/${PACK}de`,
  languages: ".",
  prefix: PACK,
  isAt: async (folder) => (await stat(join(folder, EDITOR)).catch(() => undefined))?.isDirectory() === true,
  async *rows(folder, language, reading) {
    const [editor, pack] = [EDITOR, PACK + language].map((name) => join(folder, name));
    await requireOneVersion([editor, pack]);
    yield* editorRows(editor, pack, language, reading);
    yield* extensionRows(pack, language, reading);
  },
};

async function* editorRows(
  editor: string,
  pack: string,
  language: string,
  reading: Reading,
): AsyncGenerator<TextRow> {
  const english = await englishMessages(editor, reading);
  const path = join(pack, "translations", "main.i18n.json.js");
  for (const [number, text] of (await listIn(path)).entries()) {
    const message = english.get(number);
    const origin = `${path}: message ${number}`;
    if (typeof text === "string") {
      if (message === undefined) reading.passOver("a message has no English", origin);
      else yield { texts: { en: message, [language]: text }, origin };
    } else if (message !== undefined) reading.passOver("a message is not translated", origin);
  }
}

async function englishMessages(editor: string, reading: Reading): Promise<Map<number, string>> {
  const messages = new Map<number, string>();
  for (const name of await glob("**/*.js", { cwd: editor })) {
    reading.check();
    const program = await readFile(join(editor, name), "utf8");
    for (const [, number, text] of program.matchAll(MESSAGE)) {
      messages.set(Number(number), textOfLiteral(text));
    }
  }
  return messages;
}

async function* extensionRows(pack: string, language: string, reading: Reading): AsyncGenerator<TextRow> {
  const names = (await glob("translations/extensions/*.i18n.json", { cwd: pack })).sort();
  for (const path of names.map((name) => join(pack, name))) {
    const { bundle, package: byKey } = await contentsIn(path);
    for (const key of Object.keys(Object(byKey))) {
      reading.passOver("a message has no English", `${path}: ${key}`);
    }
    for (const [message, text] of Object.entries<unknown>(Object(bundle))) {
      const origin = `${path}: ${message.slice(0, 40)}`;
      if (typeof text !== "string") reading.passOver("a message is not translated", origin);
      else if (slashes(message) > slashes(text))
        reading.passOver("a message may have a remark to translators behind a slash", origin);
      else yield { texts: { en: message, [language]: text }, origin };
    }
  }
}

const slashes = (text: string) => text.split("/").length;

/** Their numbers are those of one release. */
async function requireOneVersion(folders: readonly string[]): Promise<void> {
  const versions = await Promise.all(
    folders.map((folder) =>
      read(join(folder, "package.json"), (text): unknown => Object(parseJson(text)).version),
    ),
  );
  if (versions[0] === versions[1]) return;
  throw new DataError(
    "a language pack is of another release than the editor, whose messages have other numbers",
    folders.map((folder, i) => `${folder}: ${versions[i]}`).join("; "),
    "install both in one version",
  );
}

/** The list that a module gives: JSON, but for `undefined` where a message is not translated. */
function listIn(path: string): Promise<unknown[]> {
  return read(path, (module) => {
    const list = /=\s*(\[[\s\S]*\]);/.exec(module)?.[1] ?? "null";
    const messages = parseJson(list.replace(/^\s*undefined(?=,?$)/gm, "null"));
    if (!Array.isArray(messages)) throw new SyntaxError("it gives no list of messages");
    return messages;
  });
}

function contentsIn(path: string): Promise<{ bundle?: unknown; package?: unknown }> {
  return read(path, (text) => Object(Object(parseJson(text)).contents));
}

async function read<T>(path: string, parsed: (text: string) => T): Promise<T> {
  try {
    return parsed(await readFile(path, "utf8"));
  } catch (error) {
    const found = `${path}: ${(error as Error).message}`;
    throw new DataError("a part of VS Code's messages cannot be read", found, "install the package again", {
      cause: error,
    });
  }
}
