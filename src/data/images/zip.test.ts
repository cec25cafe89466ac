import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { readingZip } from "./zip.js";

const root = await fs.mkdtemp(join(tmpdir(), "zip-"));
afterAll(() => fs.rm(root, { recursive: true }));

it("a file that announces more than one picture may take is refused before it is read", async () => {
  const path = join(root, "a.zip");
  await fs.writeFile(path, "");
  const bytes = 2 ** 26 + 1;
  const small = { offset: 0, compressedBytes: 100, bytes: 100, method: 8, crc32: 0, isEncrypted: false };
  for (const entry of [
    { ...small, bytes },
    { ...small, bytes, compressedBytes: bytes },
  ]) {
    const reading = readingZip(path, async function* (read) {
      yield await read(entry);
    });
    await expect(reading.next()).rejects.toThrow(`it takes ${bytes} bytes, over the limit of ${2 ** 26}`);
  }
});
