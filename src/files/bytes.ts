import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import { DataError } from "./errors.js";

const CHUNK_BYTES = 2 ** 20;

/**
 * The bytes of a file in chunks, decompressed when `isGzip`. Before each chunk `onBytes` is told how many bytes were
 * read from the disk for it; what it throws ends the reading.
 * @throws DataError when the file cannot be read or the compressed data is damaged.
 */
export async function* fileChunks(
  path: string,
  isGzip: boolean,
  onBytes?: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  let counted = 0;
  for await (const chunk of readable(file, path, isGzip)) {
    onBytes?.(file.bytesRead - counted);
    counted = file.bytesRead;
    yield chunk;
  }
}

async function* readable(
  file: ReturnType<typeof createReadStream>,
  path: string,
  isGzip: boolean,
): AsyncGenerator<Buffer> {
  try {
    yield* isGzip ? gunzipped(file) : file;
  } catch (error) {
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
