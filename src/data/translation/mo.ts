import { isUtf8 } from "node:buffer";
import { fileChunks } from "../../files/bytes.js";
import { DataError } from "../../files/errors.js";
import type { Reading } from "../reading.js";
import type { SourceFile } from "../text/find-files.js";
import type { TextRow } from "./pair.js";
import { pluralRows } from "./plural-rows.js";
import { catalogueLanguages } from "./po.js";

const MAGIC = 0x950412de;
const HEADER_BYTES = 20;
const CONTEXT_END = "\x04";

/**
 * The messages of a compiled catalogue of English, of either byte order; the whole file is in memory. The reading refuses
 * what is none or not in UTF-8. [gettext manual, "The Format of GNU MO Files"]
 */
export async function* moRows(file: SourceFile<string>, reading: Reading): AsyncGenerator<TextRow> {
  reading.beginFile(file);
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of fileChunks(file.path, file.isGzip, (bytes) => reading.advance(bytes)))
      chunks.push(chunk);
    const messages = messagesIn(Buffer.concat(chunks), file.path);
    const [, header = ""] = messages.find(([original]) => original === "") ?? [];
    const languages = catalogueLanguages(/^Language:[ \t]*(\S+)/m.exec(header)?.[1], file.path);
    for (const [original, translation] of messages) {
      if (original === "") continue;
      const message = original.slice(original.indexOf(CONTEXT_END) + 1);
      const origin = `${file.path}: ${message.slice(0, 40)}`;
      yield* pluralRows(message.split("\0"), translation.split("\0"), languages, origin);
    }
  } catch (error) {
    reading.refuse(error);
  }
}

function messagesIn(bytes: Buffer, path: string): [string, string][] {
  if (bytes.length < HEADER_BYTES) throw noCatalogue(path, `${bytes.length} bytes`);
  const isLittle = bytes.readUInt32LE(0) === MAGIC;
  if (!isLittle && bytes.readUInt32BE(0) !== MAGIC)
    throw noCatalogue(path, `it begins with ${bytes.toString("hex", 0, 4)}`);
  const wordAt = (at: number) => {
    if (at + 4 > bytes.length)
      throw noCatalogue(path, `it ends at byte ${bytes.length}, a number is to be at ${at}`);
    return isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
  };
  const textAt = (at: number) => {
    const [length, start] = [wordAt(at), wordAt(at + 4)];
    const text = bytes.subarray(start, start + length);
    if (text.length < length)
      throw noCatalogue(path, `it ends at byte ${bytes.length}, a text at ${start + length}`);
    if (!isUtf8(text)) throw noCatalogue(path, `the text at byte ${start} is not UTF-8`);
    return text.toString("utf8");
  };
  const [count, originals, translations] = [8, 12, 16].map(wordAt);
  return Array.from({ length: count }, (_, i) => [textAt(originals + 8 * i), textAt(translations + 8 * i)]);
}

function noCatalogue(path: string, found: string): DataError {
  return new DataError(
    "the file is no whole catalogue of messages in UTF-8",
    `${path}: ${found}`,
    "make it again with msgfmt, or give the .po file",
  );
}
