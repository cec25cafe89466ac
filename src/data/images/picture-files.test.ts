import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterAll, expect, it } from "vitest";
import { folderOfPictures } from "./picture-files.js";

const root = await fs.mkdtemp(join(tmpdir(), "pictures-"));
afterAll(() => fs.rm(root, { recursive: true }));
let count = 0;

/** A folder of empty files, and of links by what they point to. */
async function folderOf(files: readonly string[], links: Record<string, string>): Promise<string> {
  const folder = join(root, `${count++}`);
  for (const name of [...files, ...Object.keys(links)]) {
    await fs.mkdir(dirname(join(folder, name)), { recursive: true });
  }
  for (const name of files) await fs.writeFile(join(folder, name), "");
  for (const [name, target] of Object.entries(links)) await fs.symlink(target, join(folder, name));
  return folder;
}

/** Paths in the folder with their class. */
async function placed(folder: string, split: "train" | "test" = "train"): Promise<string[]> {
  const { classes, pictures } = await folderOfPictures(folder);
  const found: string[] = [];
  for await (const { source, label } of pictures(split)) {
    found.push(`${relative(folder, source)}: ${classes[label] ?? "none"}`);
  }
  return found;
}

it("a loop of links adds no pictures and no class", async () => {
  const links = { self: ".", "a/up": "..", "a/to-b": "../b", "b/to-a": "../a" };
  const folder = await folderOf(["a/1.png", "b/2.png", "z.png"], links);
  const expected = ["a/1.png: a", "b/2.png: b", "z.png: none"];
  expect(await placed(folder)).toEqual(expected);
  await fs.symlink(folder, `${folder}-linked`);
  expect(await placed(`${folder}-linked`)).toEqual(expected);
});

it("linked folders and files are read, also one twice that two links name", async () => {
  const pool = await folderOf(["cats/1.png", "dogs/2.png"], {});
  const links = { "train/a": `${pool}/cats`, "train/b/2.png": `${pool}/dogs/2.png`, test: "train" };
  const folder = await folderOf([], links);
  expect(await placed(folder)).toEqual(["train/a/1.png: a", "train/b/2.png: b"]);
  expect(await placed(folder, "test")).toEqual(["test/a/1.png: a", "test/b/2.png: b"]);
});
