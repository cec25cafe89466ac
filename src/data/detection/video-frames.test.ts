import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, describe, expect, it, vi } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.js";
import { DataError } from "../../files/errors.js";
import { type VideoFrame, videoFrames } from "./video-frames.js";

const place = temporaryFolder();
afterEach(() => vi.unstubAllEnvs());

async function framesOf(path: string, every: number, signal?: AbortSignal): Promise<VideoFrame[]> {
  const frames: VideoFrame[] = [];
  for await (const frame of videoFrames(path, { every, signal })) frames.push(frame);
  return frames;
}

const brightness = async ({ bytes }: VideoFrame) => (await sharp(bytes).raw().toBuffer())[0];

/** Puts an ffmpeg that is a script on the path, or none, and nothing else. */
function ffmpegThat(script?: string): void {
  const folder = join(place, `path-${script ? Buffer.from(script).length : "none"}`);
  mkdirSync(folder, { recursive: true });
  if (script) {
    writeFileSync(join(folder, "ffmpeg"), `#!${process.execPath}\n${script}`);
    chmodSync(join(folder, "ffmpeg"), 0o755);
  }
  vi.stubEnv("PATH", folder);
}

async function png(level: number): Promise<string> {
  const background = { r: level, g: level, b: level };
  const image = sharp({ create: { width: 20, height: 10, channels: 3, background } });
  return (await image.png().toBuffer()).toString("base64");
}

describe.skipIf(process.platform === "win32")("frames that ffmpeg sends", () => {
  it("are told apart however they arrive", async () => {
    const files = `Buffer.from("${await png(10)}", "base64"), Buffer.from("${await png(200)}", "base64")`;
    ffmpegThat(`
      const bytes = Buffer.concat([${files}]);
      for (let i = 0; i < bytes.length; i += 7) process.stdout.write(bytes.subarray(i, i + 7));`);
    const frames = await framesOf("films/a cat.mp4", 0.5);
    expect(frames.map(({ name, time }) => [name, time])).toEqual([
      ["a cat-000000.png", 0],
      ["a cat-000001.png", 0.5],
    ]);
    expect(await Promise.all(frames.map(brightness))).toEqual([10, 200]);
  });

  it("end with the signal, and ffmpeg with them", async () => {
    ffmpegThat(
      `process.stdout.write(Buffer.from("${await png(10)}", "base64")); setInterval(() => {}, 1000);`,
    );
    const stop = new AbortController();
    const frames = videoFrames("a.mp4", { every: 1, signal: stop.signal });
    expect((await frames.next()).done).toBe(false);
    const next = frames.next(); // which waits for a second frame
    stop.abort(new Error("enough"));
    await expect(next).rejects.toThrow("enough");
    await expect(framesOf("a.mp4", 1, stop.signal)).rejects.toThrow("enough");
  });

  it("are missing where ffmpeg is", async () => {
    ffmpegThat();
    await expect(framesOf("a.mp4", 1)).rejects.toThrow(DataError);
    await expect(framesOf("a.mp4", 1)).rejects.toThrow(/no program that reads videos/);
  });

  it.each([
    ['console.error("moov atom not found"); process.exitCode = 1;', /b[.]mp4: moov atom not found/],
    ["process.exitCode = 0;", /b[.]mp4: ffmpeg finds no frame/],
  ])("are refused where it does %s", async (script, message) => {
    ffmpegThat(script);
    await expect(framesOf("b.mp4", 1)).rejects.toThrow(message);
  });
});

describe.skipIf(spawnSync("ffmpeg", ["-version"]).status !== 0)("frames of a video, where ffmpeg is", () => {
  it("are what is shown at their times", async () => {
    const path = join(place, "-grey.mkv");
    const [width, height, count] = [32, 16, 22]; // at 10 a second
    const grey = Buffer.from(
      Uint8Array.from({ length: count * width * height }, (_, i) => 10 * Math.floor(i / 512)),
    );
    const source = [
      "-f",
      "rawvideo",
      "-pix_fmt",
      "gray",
      "-s",
      `${width}x${height}`,
      "-r",
      "10",
      "-i",
      "pipe:0",
    ];
    const made = spawnSync("ffmpeg", ["-loglevel", "error", ...source, "-c:v", "ffv1", path], {
      input: grey,
    });
    expect(String(made.stderr)).toBe("");
    const frames = await framesOf(path, 0.5);
    expect(frames.map(({ time }) => time)).toEqual([0, 0.5, 1, 1.5, 2]);
    // From limited to full range, levels may be rounded.
    const levels = await Promise.all(frames.map(brightness));
    expect(Math.max(...levels.map((level, i) => Math.abs(level - 50 * i)))).toBeLessThan(3);
  });

  it("are refused of what is no video", async () => {
    const path = join(place, "text.mp4");
    writeFileSync(path, "no video at all");
    await expect(framesOf(path, 1)).rejects.toThrow(/Invalid data/);
    await expect(framesOf(join(place, "none.mp4"), 1)).rejects.toThrow(/No such file/);
  });
});
