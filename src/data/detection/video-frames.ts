import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { basename, extname } from "node:path";
import type { Readable } from "node:stream";
import { DataError } from "../../files/errors.js";

const SIGNATURE_BYTES = 8;
/** The length and the type of a PNG's chunk, and the checksum behind it. */
const CHUNK_HEADER_BYTES = 8;
const CHECKSUM_BYTES = 4;
const SAID_CHARACTERS = 300;

/** A picture of a video. */
export interface VideoFrame {
  /** The video's name and the frame's number, with the ending .png. */
  readonly name: string;
  /** In seconds from the video's beginning. */
  readonly time: number;
  /** A PNG file, upright. */
  readonly bytes: Uint8Array;
}

/**
 * What a video shows at each `every` seconds from its beginning on, by ffmpeg, which runs no further ahead than its pipe
 * is long. Once the signal comes, ffmpeg is killed and the signal's reason thrown.
 * @throws DataError where ffmpeg is not there, and where it cannot read the video, with what it said.
 */
export async function* videoFrames(
  path: string,
  { every, signal }: { readonly every: number; readonly signal?: AbortSignal },
): AsyncGenerator<VideoFrame> {
  signal?.throwIfAborted();
  const child = await started(path, every);
  const exitCode = new Promise<number | null>((resolve) => child.once("close", resolve));
  const stop = () => child.kill("SIGKILL");
  signal?.addEventListener("abort", stop, { once: true });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-SAID_CHARACTERS);
  });
  let count = 0;
  try {
    for await (const bytes of pngFiles(child.stdout)) {
      signal?.throwIfAborted();
      const number = String(count).padStart(6, "0");
      yield { name: `${basename(path, extname(path))}-${number}.png`, time: count * every, bytes };
      count++;
    }
    const code = await exitCode;
    signal?.throwIfAborted();
    if (code !== 0 || count === 0) throw unreadable(path, said.trim());
  } finally {
    signal?.removeEventListener("abort", stop);
    stop();
  }
}

async function started(path: string, every: number): Promise<ChildProcessByStdio<null, Readable, Readable>> {
  const input = ["-protocol_whitelist", "file,pipe", "-i", `file:${path}`, "-map", "0:V:0"];
  // Rounded up, a frame is shown from its time on; by default from half an interval before.
  const filter = ["-vf", `fps=fps=1/${every}:start_time=0:round=up`];
  const output = [
    "-c:v",
    "png",
    "-compression_level",
    "1",
    "-pix_fmt",
    "rgb24",
    "-f",
    "image2pipe",
    "pipe:1",
  ];
  const child = spawn("ffmpeg", ["-loglevel", "error", "-nostdin", ...input, ...filter, ...output], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  try {
    await once(child, "spawn");
    return child;
  } catch (cause) {
    throw new DataError(
      "there is no program that reads videos",
      "ffmpeg does not start",
      "install it, for example by apt-get install ffmpeg or brew install ffmpeg, or give pictures",
      { cause },
    );
  }
}

/** The whole files in a stream of PNG files. */
async function* pngFiles(stream: Readable): AsyncGenerator<Uint8Array> {
  const take = taking(stream);
  for (let bytes = await take(SIGNATURE_BYTES); bytes; bytes = await take(SIGNATURE_BYTES)) {
    const file = [bytes];
    let type = "";
    while (type !== "IEND") {
      const header = await take(CHUNK_HEADER_BYTES);
      const rest = header && (await take(header.readUInt32BE(0) + CHECKSUM_BYTES));
      if (!rest) return;
      type = header.toString("latin1", 4);
      file.push(header, rest);
    }
    yield Buffer.concat(file);
  }
}

/** Takes so many bytes at a time; undefined where fewer are left. */
function taking(stream: Readable): (count: number) => Promise<Buffer | undefined> {
  const pieces: AsyncIterator<Buffer> = stream[Symbol.asyncIterator]();
  let waiting: Buffer = Buffer.alloc(0);
  return async (count) => {
    const parts = [waiting];
    for (let length = waiting.length; length < count; ) {
      const { value, done } = await pieces.next();
      if (done) return undefined;
      parts.push(value);
      length += value.length;
    }
    const all = parts.length === 1 ? waiting : Buffer.concat(parts);
    waiting = all.subarray(count);
    return all.subarray(0, count);
  };
}

function unreadable(path: string, said: string): DataError {
  return new DataError(
    "a video cannot be read",
    `${path}: ${said || "ffmpeg finds no frame in it"}`,
    "check that it plays, or convert it, for example to MP4",
  );
}
