import { expect, test } from "vitest";
import type { Folder } from "../files/folder.js";
import { memoryFolder } from "../files/memory.js";
import { TensorBoardLog } from "./tensorboard.js";
import { crc32c, maskedCrc32c } from "./tfrecord.js";

// A reader that shares nothing with the writer: a checksum by polynomial division, TFRecord and the protobuf
// wire format by hand, field numbers from TensorFlow's event.proto and summary.proto.

function slowCrc32c(bytes: Uint8Array): number {
  let remainder = 0xffffffffn;
  for (const byte of bytes) {
    remainder ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) remainder = (remainder >> 1n) ^ (remainder & 1n ? 0x82f63b78n : 0n);
  }
  return Number(remainder ^ 0xffffffffn);
}

function slowMask(crc: number): number {
  const rotated = ((BigInt(crc) >> 15n) | (BigInt(crc) << 17n)) & 0xffffffffn;
  return Number((rotated + 0xa282ead8n) & 0xffffffffn);
}

function payloads(file: Uint8Array): Uint8Array[] {
  const view = new DataView(file.buffer, file.byteOffset);
  const found: Uint8Array[] = [];
  for (let at = 0; at < file.length; ) {
    const length = view.getUint32(at, true);
    expect(view.getUint32(at + 4, true)).toBe(0);
    expect(view.getUint32(at + 8, true)).toBe(slowMask(slowCrc32c(file.slice(at, at + 8))));
    const payload = file.slice(at + 12, at + 12 + length);
    expect(view.getUint32(at + 12 + length, true)).toBe(slowMask(slowCrc32c(payload)));
    found.push(payload);
    at += 16 + length;
  }
  return found;
}

/** The fields of a message: [number, value], where a value is a varint, a double, a float or bytes. */
function fields(bytes: Uint8Array): [number, number | Uint8Array][] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const found: [number, number | Uint8Array][] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  const fixed = (size: number) => {
    at += size;
    return size === 8 ? view.getFloat64(at - 8, true) : view.getFloat32(at - 4, true);
  };
  const block = () => {
    const length = varint();
    at += length;
    return bytes.slice(at - length, at);
  };
  while (at < bytes.length) {
    const key = varint();
    const wire = key & 7;
    found.push([key >> 3, wire === 0 ? varint() : wire === 1 ? fixed(8) : wire === 5 ? fixed(4) : block()]);
  }
  return found;
}

const utf8 = (value: number | Uint8Array) => new TextDecoder().decode(value as Uint8Array);

interface Decoded {
  wallTime?: number;
  step?: number;
  fileVersion?: string;
  scalars?: [string, number][];
}

function decode(payload: Uint8Array): Decoded {
  const event: Decoded = {};
  for (const [number, value] of fields(payload)) {
    if (number === 1) event.wallTime = value as number;
    if (number === 2) event.step = value as number;
    if (number === 3) event.fileVersion = utf8(value);
    if (number === 5) event.scalars = fields(value as Uint8Array).map(([, entry]) => decodeScalar(entry));
  }
  return event;
}

function decodeScalar(entry: number | Uint8Array): [string, number] {
  const byNumber = new Map(fields(entry as Uint8Array));
  expect(byNumber.has(2)).toBe(true); // without it TensorBoard drops the point
  return [utf8(byNumber.get(1)!), byNumber.get(2) as number];
}

const events = async (folder: Folder, name: string) => payloads(await folder.read(name)).map(decode);

test.each([
  ["123456789", 0xe3069283],
  ["", 0],
  ["\0".repeat(32), 0x8a9136aa], // RFC 3720, appendix B.4
])("crc32c of %j", (text, crc) => {
  expect(crc32c(new TextEncoder().encode(text))).toBe(crc);
  expect(slowCrc32c(new TextEncoder().encode(text))).toBe(crc);
});

test("the mask agrees with the plain reference on many inputs", () => {
  for (let size = 0; size < 300; size++) {
    const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 37 + size * 11) & 255);
    expect(maskedCrc32c(bytes)).toBe(slowMask(slowCrc32c(bytes)));
  }
});

test("an independent reader finds the version record and every scalar", async () => {
  const folder = memoryFolder();
  const log = await TensorBoardLog.open(folder, "laptop", 1_700_000_000_500);
  await log.scalars(1, { "loss/train": 4.5, "loss/validation": Number.NaN }, 1_700_000_001_000);
  await log.scalars(70_000_000_000, { "learning rate": 0, 速度: -2.5 }, 1_700_000_002_000);
  expect(await folder.list("")).toEqual(["events.out.tfevents.1700000000.laptop"]);
  expect(await events(folder, log.fileName)).toEqual([
    { wallTime: 1_700_000_000.5, fileVersion: "brain.Event:2" },
    {
      wallTime: 1_700_000_001,
      step: 1,
      scalars: [
        ["loss/train", 4.5],
        ["loss/validation", Number.NaN],
      ],
    },
    {
      wallTime: 1_700_000_002,
      step: 70_000_000_000,
      scalars: [
        ["learning rate", -0],
        ["速度", -2.5],
      ],
    },
  ]);
});

test("a second log in the same second gets a name of its own, after the first", async () => {
  const folder = memoryFolder();
  const names = [];
  for (let i = 0; i < 3; i++) names.push((await TensorBoardLog.open(folder, "a", 5000)).fileName);
  expect(names).toEqual([
    "events.out.tfevents.5.a",
    "events.out.tfevents.5.a.1",
    "events.out.tfevents.5.a.2",
  ]);
  expect(await folder.list("")).toEqual(names);
});

test("truncateAfter drops later steps and a torn end, and leaves other files alone", async () => {
  const folder = memoryFolder();
  await folder.write("notes.txt", "mine");
  const log = await TensorBoardLog.open(folder, "a", 5000);
  for (const step of [1, 2, 3]) await log.scalars(step, { loss: 10 - step }, 6000);
  const whole = await folder.read(log.fileName);
  await folder.write(log.fileName, whole.slice(0, -3));
  await TensorBoardLog.truncateAfter(folder, 5);
  expect((await events(folder, log.fileName)).map(({ step }) => step)).toEqual([undefined, 1, 2]);
  await TensorBoardLog.truncateAfter(folder, 1);
  expect((await events(folder, log.fileName)).map(({ step }) => step)).toEqual([undefined, 1]);
  expect(await folder.list("")).toEqual([log.fileName, "notes.txt"]);
});
