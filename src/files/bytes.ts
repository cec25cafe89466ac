import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import { DataError } from "./errors.js";

const CHUNK_BYTES = 2 ** 20;

/**
 * The bytes of a file in chunks, decompressed when `isGzip`.
 * @throws DataError when the file cannot be read or the compressed data is damaged.
 */
export async function* fileChunks(path: string, isGzip: boolean): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  try {
    yield* isGzip ? gunzipped(file) : file;
  } catch (error) {
    if (error instanceof DataError) throw error;
    const cause = error as Error;
    throw new DataError(
      isGzip ? "the compressed file cannot be read" : "the file cannot be read",
      `${path}: ${cause.message}`,
      isGzip ? "check it with gzip -t, and fetch or compress it again" : "check the file and its permissions",
      { cause },
    );
  } finally {
    file.destroy();
  }
}

function gunzipped(file: ReturnType<typeof createReadStream>): AsyncIterable<Buffer> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  file.on("error", (error) => gunzip.destroy(error));
  return file.pipe(gunzip);
}
