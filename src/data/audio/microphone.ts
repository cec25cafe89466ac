import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { AudioError } from "./audio.js";
import { fromPcm16 } from "./pcm16.js";

/** Programs that write what the usual microphone hears to standard output, in 16 bits and one channel. */
const PROGRAMS: readonly (readonly [string, (rate: string) => readonly string[]])[] = [
  ["arecord", (rate) => ["-q", "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", rate]],
  [
    "rec",
    (rate) => ["-q", "-t", "raw", "-b", "16", "-e", "signed-integer", "-L", "-c", "1", "-r", rate, "-"],
  ],
  [
    "ffmpeg",
    (rate) => ["-loglevel", "error", "-nostdin", ...DEVICE, "-f", "s16le", "-ac", "1", "-ar", rate, "pipe:1"],
  ],
];
const DEVICE =
  process.platform === "darwin" ? ["-f", "avfoundation", "-i", ":default"] : ["-f", "alsa", "-i", "default"];
/** What may wait while nobody listens: minutes of sound. */
const WAITING_BYTES = 2 ** 25;
const SAID_CHARACTERS = 300;

/**
 * What the microphone hears, from -1 to 1, until the signal comes: by arecord (ALSA), rec (SoX) or ffmpeg, the first that is
 * there. All that has come since the last piece is one piece.
 * @throws AudioError where none of these programs is there, and where one ends by itself, with what it said.
 */
export async function* microphone(sampleRate: number, signal?: AbortSignal): AsyncGenerator<Float32Array> {
  const { name, child } = await started(String(sampleRate));
  const stop = () => child.kill();
  signal?.addEventListener("abort", stop, { once: true });
  let said = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-SAID_CHARACTERS);
  });
  try {
    if (signal?.aborted) return;
    const sound = child.stdout!.pipe(new PassThrough({ highWaterMark: WAITING_BYTES }));
    let odd = Buffer.alloc(0);
    for await (const piece of sound as AsyncIterable<Buffer>) {
      const bytes = Uint8Array.from(Buffer.concat([odd, piece]));
      odd = Buffer.from(bytes.subarray(bytes.length & ~1));
      yield fromPcm16(new Int16Array(bytes.buffer, 0, bytes.length >> 1));
    }
    if (!signal?.aborted) throw endedByItself(name, said.trim());
  } finally {
    signal?.removeEventListener("abort", stop);
    stop();
  }
}

async function started(rate: string): Promise<{ name: string; child: ChildProcess }> {
  for (const [name, options] of PROGRAMS) {
    const child = spawn(name, options(rate), { stdio: ["ignore", "pipe", "pipe"] });
    const isThere = await once(child, "spawn").then(
      () => true,
      () => false,
    );
    if (isThere) return { name, child };
  }
  throw new AudioError(
    "there is no program that reads the microphone",
    `none of ${PROGRAMS.map(([name]) => name).join(", ")}`,
    "install one, for example by apt-get install alsa-utils or brew install sox, or give recordings",
  );
}

function endedByItself(name: string, said: string): AudioError {
  return new AudioError(
    "the microphone cannot be heard",
    `${name} has ended${said && `: ${said}`}`,
    "connect a microphone, allow its use, and choose it in the system's settings",
  );
}
