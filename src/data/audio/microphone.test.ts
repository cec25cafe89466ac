import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.js";
import { AudioError, joined } from "./audio.js";
import { microphone } from "./microphone.js";

const place = temporaryFolder();
afterEach(() => vi.unstubAllEnvs());

/** Puts programs on the path, and nothing else. */
function programs(scripts: Record<string, string>): void {
  const folder = join(place, Object.keys(scripts).join("-") || "none");
  mkdirSync(folder, { recursive: true });
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), `#!${process.execPath}\n${script}`);
    chmodSync(join(folder, name), 0o755);
  }
  vi.stubEnv("PATH", folder);
}

/** Writes samples in pieces of odd lengths, and then waits. */
const speaks = (samples: readonly number[]) => `
  const bytes = Buffer.from(Int16Array.of(${samples.join(", ")}).buffer);
  process.stdout.write(bytes.subarray(0, 3), () => process.stdout.write(bytes.subarray(3)));
  setInterval(() => {}, 1000);`;

/** What is heard until there are so many samples. */
async function heard(count: number): Promise<number[]> {
  const stop = new AbortController();
  const pieces: Float32Array[] = [];
  for await (const piece of microphone(16_000, stop.signal)) {
    pieces.push(piece);
    if (joined(pieces).length >= count) stop.abort();
  }
  return [...joined(pieces)].map((value) => value * 32768);
}

describe.skipIf(process.platform === "win32")("the microphone", () => {
  const samples = [1, -2, 300, 32767, -32768];

  it.each(["arecord", "rec", "ffmpeg"])("is heard by %s, until the signal", async (name) => {
    programs({ [name]: speaks(samples) });
    expect(await heard(samples.length)).toEqual(samples);
  });

  it("is asked for in the rate that is wanted", async () => {
    programs({ arecord: 'if (process.argv.join(" ").endsWith("-c 1 -r 8000")) process.exit(0);' });
    await expect(microphone(8000).next()).rejects.toThrow(/arecord has ended$/m);
  });

  it("is missing where no program is there, or the program finds none", async () => {
    programs({});
    const none = microphone(16_000).next();
    await expect(none).rejects.toThrow(AudioError);
    await expect(none).rejects.toThrow(/none of arecord, rec, ffmpeg/);
    programs({ rec: 'console.error("no device"); process.exit(1);' });
    await expect(microphone(16_000).next()).rejects.toThrow(/rec has ended: no device/);
  });
});
