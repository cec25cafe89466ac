import PO from "pofile";
import { fileChunks } from "../../files/bytes.js";
import { decodedPieces } from "../../files/utf8.js";
import type { Reading } from "../reading.js";
import type { SourceFile } from "../text/find-files.js";
import { isLanguage, languageInName } from "./languages.js";
import type { TextRow } from "./pair.js";
import { pluralRows } from "./plural-rows.js";

/**
 * The messages of a gettext catalogue, of English, into the language of its header or name. What is obsolete, fuzzy or not
 * translated is passed over.
 */
export async function* poRows(file: SourceFile<string>, reading: Reading): AsyncGenerator<TextRow> {
  reading.beginFile(file);
  try {
    const chunks = fileChunks(file.path, file.isGzip, (bytes) => reading.advance(bytes));
    let text = "";
    for await (const piece of decodedPieces(file.path, chunks)) text += piece;
    const { headers, items } = PO.parse(text);
    const languages = catalogueLanguages(headers.Language, file.path);
    for (const item of items) {
      const origin = `${file.path}: ${item.msgid.slice(0, 40)}`;
      const without = reasonAgainst(item);
      if (without) reading.passOver(without, origin);
      else yield* pluralRows([item.msgid, item.msgid_plural], item.msgstr, languages, origin);
    }
  } catch (error) {
    reading.refuse(error);
  }
}

/** What the texts of a catalogue are called, "source" and "target" where it does not say its language. */
export function catalogueLanguages(header: string | undefined, path: string): readonly [string, string] {
  const language = header && isLanguage(header) ? header : languageInName(path);
  return language === undefined ? ["source", "target"] : ["en", language];
}

function reasonAgainst({ obsolete, flags, msgstr }: InstanceType<typeof PO.Item>): string | undefined {
  if (obsolete) return "a message is obsolete";
  if (Object.keys(flags).some((flag) => flag.trim() === "fuzzy")) return "a message is fuzzy";
  return msgstr.every((text) => text === "") ? "a message is not translated" : undefined;
}
