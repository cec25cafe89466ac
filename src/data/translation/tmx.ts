import { SaxesParser, type SaxesTagPlain } from "saxes";
import { fileChunks } from "../../files/bytes.js";
import { DataError } from "../../files/errors.js";
import { decodedPieces } from "../../files/utf8.js";
import type { Reading } from "../reading.js";
import type { SourceFile } from "../text/find-files.js";
import type { TextRow } from "./pair.js";

/** By the mark of byte order that a file begins with. */
const UTF_16: Readonly<Record<string, string>> = { fffe: "utf-16le", feff: "utf-16be" };

/**
 * The units of a translation memory in UTF-8, or in UTF-16 with a mark of byte order, read piece by piece. Codes of the
 * original format inside of <bpt>, <ept>, <ph>, <it> and the like are text; such an element that holds none stands for
 * itself, as <ph x="1"/>. Of a language given twice in a unit the first is read. The reading refuses what is no XML, after
 * the units before. [TMX 1.4b, gala-global.org]
 */
export async function* tmxRows(file: SourceFile<string>, reading: Reading): AsyncGenerator<TextRow> {
  reading.beginFile(file);
  const units = new Units(file.path, reading);
  try {
    const chunks = fileChunks(file.path, file.isGzip, (bytes) => reading.advance(bytes));
    for await (const piece of xmlPieces(file.path, chunks)) {
      units.parser.write(piece);
      yield* units.taken();
    }
    units.parser.close();
  } catch (error) {
    reading.refuse(error);
  }
}

async function* xmlPieces(path: string, chunks: AsyncGenerator<Buffer>): AsyncGenerator<string> {
  const first = (await chunks.next()).value ?? Buffer.alloc(0);
  const all = chained(first, chunks);
  const encoding = UTF_16[first.toString("hex", 0, 2)];
  if (encoding === undefined) yield* decodedPieces(path, all);
  else yield* utf16Pieces(path, all, new TextDecoder(encoding, { fatal: true }));
}

async function* chained(first: Buffer, others: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* others;
}

async function* utf16Pieces(
  path: string,
  chunks: AsyncIterable<Buffer>,
  decoder: TextDecoder,
): AsyncGenerator<string> {
  try {
    for await (const chunk of chunks) yield decoder.decode(chunk, { stream: true });
    yield decoder.decode();
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new DataError("the file is not UTF-16 text", `${path}: ${cause.message}`, "export it again", {
      cause,
    });
  }
}

/** What the parser found and nobody has taken yet. */
class Units {
  readonly parser = new SaxesParser();
  private rows: TextRow[] = [];
  private texts: Record<string, string> = {};
  private language = "";
  private segment: string | undefined;
  private lengthAtOpening = 0;
  private count = 0;

  constructor(
    private readonly path: string,
    private readonly reading: Reading,
  ) {
    this.parser.on("opentag", (tag) => this.open(tag));
    this.parser.on("closetag", (tag) => this.close(tag));
    for (const event of ["text", "cdata"] as const) {
      this.parser.on(event, (text) => {
        if (this.segment !== undefined) this.segment += text;
      });
    }
    this.parser.on("error", (cause) => {
      throw notXml(path, cause);
    });
  }

  taken(): TextRow[] {
    const rows = this.rows;
    this.rows = [];
    return rows;
  }

  private open({ name, attributes }: SaxesTagPlain): void {
    if (name === "tu") this.texts = {};
    else if (name === "tuv") this.language = attributes["xml:lang"] ?? attributes.lang ?? "";
    else if (name === "seg") this.segment = "";
    this.lengthAtOpening = this.segment?.length ?? 0;
  }

  private close({ name, attributes }: SaxesTagPlain): void {
    if (name === "seg") this.finishSegment();
    else if (name === "tu")
      this.rows.push({ texts: this.texts, origin: `${this.path}, unit ${++this.count}` });
    else if (this.segment?.length === this.lengthAtOpening) {
      const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${value}"`);
      this.segment += `<${name}${written.join("")}/>`;
    }
  }

  private finishSegment(): void {
    const isAgain = Object.hasOwn(this.texts, this.language);
    if (isAgain) this.reading.passOver("a unit has a language twice", `${this.path}, unit ${this.count + 1}`);
    else this.texts[this.language] = this.segment ?? "";
    this.segment = undefined;
  }
}

function notXml(path: string, cause: Error): DataError {
  return new DataError(
    "the translation memory is no XML",
    `${path}:${cause.message}`,
    "export it again, or repair it there",
    { cause },
  );
}
