import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterAll, expect, it } from "vitest";
import { filesIn } from "../../files/listing.js";
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
  const { classes, pictures } = await folderOfPictures(folder, await filesIn(folder));
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

it("a link that points to nothing is a picture that cannot be read", async () => {
  const folder = await folderOf(["a/1.png"], { "a/2.png": "gone.png" });
  expect(await placed(folder)).toEqual(["a/1.png: a", "a/2.png: a"]);
  const { pictures } = await folderOfPictures(folder, await filesIn(folder));
  const found: string[] = [];
  for await (const { bytes } of pictures("train")) {
    await bytes().catch((error) => found.push(error.message));
  }
  expect(found.join()).toMatch(/^a picture cannot be read\n {2}found: .*a\/2\.png: ENOENT/);
});

it("files of all kinds of pictures are read, others counted by kind", async () => {
  const kinds = ["png", "apng", "jpg", "jpeg", "jpe", "jfif", "webp", "gif", "avif", "tif", "tiff", "PNG"];
  const others = ["a.bmp", "b/c.heic", "notes.txt", "README", ".DS_Store", "__MACOSX/._1.png"];
  const folder = await folderOf([...kinds.map((kind, i) => `${10 + i}.${kind}`), ...others], {});
  const { counts, leftOut } = await folderOfPictures(folder, await filesIn(folder));
  expect(counts).toEqual({ train: kinds.length });
  expect(leftOut).toEqual(["4 files of other kinds (.bmp, .heic, .txt, no extension), such as README"]);
});
