/** The header of a safetensors file: what is inside, checked against the file's length before anything is read. */
import { parseJson } from "../files/json.js";
import { CheckpointError } from "./errors.js";

/** Bytes an element, for every element type of the format that fills whole bytes. */
export const elementBytes = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  F8_E8M0: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  I64: 8,
  U64: 8,
  F64: 8,
  C64: 8,
} as const;

export type ElementType = keyof typeof elementBytes;

/** Where a tensor lies: bytes `start` to `end` of the file. */
export interface TensorEntry {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly entries: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Bytes before the header: its length, a 64-bit little-endian number. */
export const lengthBytes = 8;
/** The format's own limit. */
const longestHeader = 100_000_000;

/** The header's length in bytes. Throws `CheckpointError` when the file cannot hold it. */
export function headerLength(prefix: Uint8Array, fileSize: number, source: string): number {
  const length = new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true);
  const most = Math.min(longestHeader, fileSize - lengthBytes);
  if (length >= 2n && length <= BigInt(most)) return Number(length);
  throw damaged(
    source,
    "the length of its header cannot be right",
    `${length} bytes in a file of ${fileSize}; 2 to ${most} are possible`,
  );
}

/** Reads and checks a header. Throws `CheckpointError` naming the tensor that is wrong. */
export function parseHeader(bytes: Uint8Array, fileSize: number, source: string): SafetensorsHeader {
  const json = parseObject(bytes, source);
  const dataStart = lengthBytes + bytes.length;
  const metadata = readMetadata(json.__metadata__, source);
  const entries = new Map<string, TensorEntry>();
  for (const [name, value] of Object.entries(json)) {
    if (name !== "__metadata__") entries.set(name, readEntry(name, value, dataStart, source));
  }
  checkLayout(entries, dataStart, fileSize, source);
  return { entries, metadata };
}

function parseObject(bytes: Uint8Array, source: string): Record<string, unknown> {
  let text: string;
  let json: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    json = parseJson(text);
  } catch (error) {
    throw damaged(source, "its header is not JSON", (error as Error).message);
  }
  if (!isRecord(json)) throw damaged(source, "its header is not an object", text.slice(0, 60));
  const twice = repeatedKey(text);
  if (twice !== undefined) throw damaged(source, "its header names a tensor twice", twice);
  return json;
}

/** The first key that a valid JSON object has twice; `JSON.parse` silently keeps the last. */
function repeatedKey(text: string): string | undefined {
  const seen = new Set<string>();
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === "{" || text[at] === "[") depth++;
    else if (text[at] === "}" || text[at] === "]") depth--;
    else if (text[at] === '"') {
      const start = at;
      at = closingQuote(text, start);
      if (depth !== 1 || !isKey(text, at + 1)) continue;
      const name = JSON.parse(text.slice(start, at + 1)) as string;
      if (seen.has(name)) return name;
      seen.add(name);
    }
  }
  return undefined;
}

/** By hand: a regular expression overflows its stack over names of some megabytes. */
function closingQuote(text: string, opening: number): number {
  let at = opening + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}

function isKey(text: string, after: number): boolean {
  let at = after;
  while (text[at] <= " ") at++;
  return text[at] === ":";
}

function readMetadata(value: unknown, source: string): Record<string, string> {
  if (value === undefined) return {};
  const isText = isRecord(value) && Object.values(value).every((v) => typeof v === "string");
  if (isText) return value as Record<string, string>;
  throw damaged(source, "its __metadata__ is not a map of texts", JSON.stringify(value).slice(0, 80));
}

function readEntry(name: string, value: unknown, dataStart: number, source: string): TensorEntry {
  const { dtype, shape, data_offsets: offsets } = isRecord(value) ? value : {};
  const isWhole = (n: unknown) => Number.isSafeInteger(n) && (n as number) >= 0;
  const fits =
    typeof dtype === "string" &&
    Array.isArray(shape) &&
    shape.every(isWhole) &&
    Array.isArray(offsets) &&
    offsets.length === 2 &&
    offsets.every(isWhole);
  if (!fits)
    throw damaged(source, `the entry of tensor ${name} is malformed`, JSON.stringify(value).slice(0, 120));
  if (!Object.hasOwn(elementBytes, dtype)) {
    throw damaged(source, `tensor ${name} has an unknown element type`, JSON.stringify(dtype).slice(0, 120));
  }
  const type = dtype as ElementType;
  const [start, end] = offsets as [number, number];
  const bytes = (shape as number[]).reduce((product, n) => product * n, elementBytes[type]);
  if (end - start !== bytes) {
    const found = `${end - start} bytes at [${start}, ${end}) for ${type}[${shape}], which needs ${bytes}`;
    throw damaged(source, `the bytes of tensor ${name} do not fill its shape`, found);
  }
  return { type, shape, start: dataStart + start, end: dataStart + end };
}

/** Tensors must cover the data part from its first byte to its last, without gaps or overlaps. */
function checkLayout(
  entries: ReadonlyMap<string, TensorEntry>,
  dataStart: number,
  fileSize: number,
  source: string,
): void {
  let at = dataStart;
  const inOrder = [...entries].sort(([, a], [, b]) => a.start - b.start || a.end - b.end);
  for (const [name, { start, end }] of inOrder) {
    if (start !== at) {
      const how = start < at ? "overlaps the tensor before it" : "leaves a hole before it";
      throw damaged(source, `tensor ${name} ${how}`, `it starts at byte ${start} of the file, not ${at}`);
    }
    at = end;
  }
  if (at !== fileSize) {
    const how = at > fileSize ? "it is cut short" : "bytes follow its last tensor";
    throw damaged(source, how, `${fileSize} bytes; its header describes ${at}`);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The error for a safetensors file that is not as it should be. */
export function damaged(source: string, what: string, found: string): CheckpointError {
  return new CheckpointError(
    `a safetensors file is damaged: ${what}`,
    `${source}: ${found}`,
    "fetch or save the file again; an interrupted download is the usual cause",
  );
}
