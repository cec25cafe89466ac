/** The drawn data set: what a class names is in the picture, and the same numbers draw the same pictures. */
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import sharp from "sharp";
import { afterEach, describe, expect, it, vi } from "vitest";
import { AvatarError, avatarClasses, drawAvatars } from "../recipes/avatars/draw.js";
import { temporaryFolder } from "./temporary-folder.js";

const place = temporaryFolder();
const background = "f4f1ea";

/** Draws into a cache of that name. */
function draw(cache: string, options: Parameters<typeof drawAvatars>[0]): Promise<string> {
  vi.stubEnv("AUTODIDACT_CACHE", join(place, cache));
  return drawAvatars(options);
}

const filesOf = (folder: string) =>
  avatarClasses.flatMap((name) => readdirSync(join(folder, name)).map((file) => join(name, file)));

/** The colours of a picture of 32 x 32 by the style's own cells, which are 2 pixels wide. */
async function cellsOf(file: string): Promise<(x: number, y: number) => string> {
  const pixels = await sharp(file).raw().toBuffer();
  return (x, y) => pixels.subarray(3 * (64 * y + 2 * x), 3 * (64 * y + 2 * x) + 3).toString("hex");
}

afterEach(() => vi.unstubAllEnvs());

describe("drawAvatars", () => {
  it("draws a folder a class, each as often, numbered over all", async () => {
    const folder = await draw("classes", { count: 12, size: 16 });
    expect(readdirSync(folder)).toEqual(["bald", "glasses", "hat", "long-hair", "short-hair"]);
    expect(avatarClasses.map((name) => readdirSync(join(folder, name)))).toEqual([
      ["00.png", "05.png", "10.png"],
      ["01.png", "06.png", "11.png"],
      ["02.png", "07.png"],
      ["03.png", "08.png"],
      ["04.png", "09.png"],
    ]);
  });

  it("shows what a class names: skin on a bald crown alone, long hair beside the neck", async () => {
    const folder = await draw("shown", { count: 100 });
    for (const file of filesOf(folder)) {
      const cell = await cellsOf(join(folder, file));
      const name = dirname(file);
      expect([file, cell(8, 2) === cell(4, 10)]).toEqual([file, name === "bald"]);
      expect([file, cell(0, 0)]).toEqual([file, background]);
      const besideNeck = cell(2, 9) === background;
      if (name === "bald" || name === "short-hair") expect([file, besideNeck]).toEqual([file, true]);
      if (name === "long-hair") expect([file, besideNeck]).toEqual([file, false]);
    }
  });

  it("draws colour without alpha in the size asked for", async () => {
    const folder = await draw("size", { count: 5, size: 48 });
    const { width, height, channels } = await sharp(join(folder, "hat", "2.png")).metadata();
    expect([width, height, channels]).toEqual([48, 48, 3]);
  });

  it("draws the same pictures for the same numbers, no two alike, and others for another seed", async () => {
    const bytes = (folder: string) =>
      filesOf(folder).map((file) => readFileSync(join(folder, file), "base64"));
    const first = bytes(await draw("one", { count: 60 }));
    expect(bytes(await draw("two", { count: 60 }))).toEqual(first);
    const other = bytes(await draw("two", { count: 60, seed: 2 }));
    expect(new Set([...first, ...other]).size).toBe(120);
  });

  it("finds what it has drawn, also when several draw at once, and leaves nothing beside it", async () => {
    const folders = await Promise.all([1, 2, 3].map(() => draw("found", { count: 10 })));
    expect(new Set(folders).size).toBe(1);
    const marked = join(folders[0], "bald", "0.png");
    writeFileSync(marked, "as it was left");
    expect(await draw("found", { count: 10 })).toBe(folders[0]);
    expect(readFileSync(marked, "utf8")).toBe("as it was left");
    expect(readdirSync(join(place, "found"))).toEqual([basename(folders[0])]);
  });

  it.each([{ count: 4 }, { count: 10.5 }, { size: 8 }, { size: 4096 }, { seed: Number.NaN }])(
    "refuses %o",
    async (options) => {
      await expect(draw("refused", options)).rejects.toThrow(AvatarError);
      expect(() => statSync(join(place, "refused"))).toThrow();
    },
  );

  it("says where it cannot write", async () => {
    writeFileSync(join(place, "a-file"), "");
    await expect(draw("a-file", { count: 5 })).rejects.toThrow(/AUTODIDACT_CACHE/);
  });
});
