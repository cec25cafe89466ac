import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "../../files/errors.js";
import { parseJson } from "../../files/json.js";
import type { Reading } from "../reading.js";
import type { PackagedSet } from "./packaged-set.js";
import type { TextRow } from "./pair.js";
import { STRING_LITERAL, textOfLiteral } from "./string-literal.js";

/** How the compiler writes a message: diag(1002, 1, "Unterminated_1002", 'a "quoted" text') */
const DIAGNOSTIC = new RegExp(
  String.raw`\bdiag\(\s*[\de]+,\s*\d+(?:\s*/\*[^*]*\*/)?,\s*(${STRING_LITERAL}),\s*(${STRING_LITERAL})`,
  "g",
);

/**
 * The messages of TypeScript's compiler: lib/LANGUAGE/diagnosticMessages.generated.json by keys, whose English stands in
 * lib/typescript.js. [npm, typescript@5]
 */
export const typeScriptMessages: PackagedSet = {
  layout: "TypeScript's messages",
  folder: "node_modules/typescript",
  install: "npm install typescript",
  languages: "lib",
  isAt: async (folder) =>
    (await stat(join(folder, "lib", "typescript.js")).catch(() => undefined)) !== undefined,
  rows: messageRows,
};

async function* messageRows(folder: string, language: string, reading: Reading): AsyncGenerator<TextRow> {
  const path = join(folder, "lib", language, "diagnosticMessages.generated.json");
  const compiler = await readFile(join(folder, "lib", "typescript.js"), "utf8");
  const english = new Map(
    [...compiler.matchAll(DIAGNOSTIC)].map(([, key, text]) => [textOfLiteral(key), textOfLiteral(text)]),
  );
  for (const [key, text] of Object.entries(await messagesIn(path))) {
    const message: string | undefined = english.get(key);
    if (message === undefined || typeof text !== "string") reading.passOver("a message has no English", key);
    else yield { texts: { en: message, [language]: text }, origin: `${path}: ${key}` };
  }
}

async function messagesIn(path: string): Promise<object> {
  try {
    return Object(parseJson(await readFile(path, "utf8")));
  } catch (error) {
    const found = `${path}: ${(error as Error).message}`;
    throw new DataError("the translated messages cannot be read", found, "install the package again", {
      cause: error,
    });
  }
}
