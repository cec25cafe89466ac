import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { openFolder } from "./disk.js";
import { FolderError, MissingFileError } from "./errors.js";
import type { Folder } from "./folder.js";
import { memoryFolder } from "./memory.js";

const root = await fs.mkdtemp(join(tmpdir(), "folder-"));
afterAll(() => fs.rm(root, { recursive: true }));

let count = 0;
const text = async (folder: Folder, path: string) => new TextDecoder().decode(await folder.read(path));

describe.each([
  ["disk", () => openFolder(join(root, `case-${count++}`))],
  ["memory", () => memoryFolder()],
])("a folder in %s", (_, make) => {
  let folder: Folder;
  beforeEach(() => {
    folder = make();
  });

  it("reads back what was written, in parts of both kinds", async () => {
    await folder.write("deep/er/file", "世界", new Uint8Array([10]), "end");
    expect(await text(folder, "deep/er/file")).toBe("世界\nend");
    expect(await folder.size("deep/er/file")).toBe(10);
  });

  it("writes bytes that are made while it writes, and keeps the old file when that fails", async () => {
    function* pieces(last: number) {
      yield new Uint8Array([1, 2]);
      if (last < 0) throw new Error("no more");
      yield new Uint8Array([last]);
    }
    await folder.write("a", "x", pieces(3), "y");
    expect([...(await folder.read("a"))]).toEqual([120, 1, 2, 3, 121]);
    await expect(folder.write("a", pieces(-1))).rejects.toThrow("no more");
    expect([...(await folder.read("a"))]).toEqual([120, 1, 2, 3, 121]);
    expect(await folder.list("")).toEqual(["a"]);
  });

  it("replaces a file and keeps an empty one", async () => {
    await folder.write("a", "first, longer");
    await folder.write("a", "second");
    await folder.write("empty");
    expect(await text(folder, "a")).toBe("second");
    expect(await folder.size("empty")).toBe(0);
  });

  it("gives its own copy of the bytes", async () => {
    const bytes = new Uint8Array([1, 2, 3]);
    await folder.write("a", bytes);
    bytes[0] = 9;
    (await folder.read("a"))[1] = 9;
    expect([...(await folder.read("a"))]).toEqual([1, 2, 3]);
  });

  it("reads a range and refuses one past the end", async () => {
    await folder.write("a", "0123456789");
    const target = new Uint8Array(4);
    await folder.readInto("a", 3, target);
    expect(new TextDecoder().decode(target)).toBe("3456");
    await expect(folder.readInto("a", 7, target)).rejects.toThrow(/ends at byte 10.*byte 11/);
  });

  it("names a missing file", async () => {
    await expect(folder.read("none")).rejects.toThrow(MissingFileError);
    await expect(folder.read("none")).rejects.toThrow(/none/);
    await expect(folder.readInto("none", 0, new Uint8Array(1))).rejects.toThrow(MissingFileError);
    await expect(folder.rename("none", "other")).rejects.toThrow(MissingFileError);
    expect(await folder.size("none")).toBeUndefined();
    expect(await folder.list("none")).toEqual([]);
    await folder.remove("none");
  });

  it("appends, creating the file", async () => {
    await folder.append("log/a", "one\n");
    await folder.append("log/a", new TextEncoder().encode("two\n"));
    expect(await text(folder, "log/a")).toBe("one\ntwo\n");
  });

  it("lists names in order, files and folders", async () => {
    for (const path of ["b", "a/x", "a/y", "c/d/e"]) await folder.write(path, "");
    expect(await folder.list("")).toEqual(["a", "b", "c"]);
    expect(await folder.list("a")).toEqual(["x", "y"]);
    expect(await folder.size("a")).toBeUndefined();
    await expect(folder.read("a")).rejects.toThrow(MissingFileError);
  });

  it("renames files over files, and folders, but not over a folder with files", async () => {
    await folder.write("old/a", "A");
    await folder.write("b", "B");
    await folder.rename("old", "new/place");
    await folder.rename("new/place/a", "b");
    expect(await text(folder, "b")).toBe("A");
    expect(await folder.size("old/a")).toBeUndefined();
    await folder.write("x/1", "");
    await folder.write("y/1", "");
    await expect(folder.rename("x", "y")).rejects.toThrow(FolderError);
  });

  it("removes files and sub-folders only by their whole name", async () => {
    for (const path of ["ab/c", "a/c", "a/d"]) await folder.write(path, "");
    await folder.remove("a");
    expect(await folder.list("")).toEqual(["ab"]);
    await folder.remove("ab/c");
    expect(await folder.list("ab")).toEqual([]);
  });

  it("gives a view of a sub-folder", async () => {
    const inner = folder.folder("in").folder("ner");
    await inner.write("a", "A");
    expect(await text(folder, "in/ner/a")).toBe("A");
    expect(inner.location.startsWith(folder.location)).toBe(true);
    await expect(inner.read("../../x")).rejects.toThrow(FolderError);
  });

  it.each(["../a", "a/../../b", "/etc/passwd", "C:/a", "a\\b", "a\0b", "", "."])(
    "refuses the path %j",
    async (path) => {
      await expect(folder.write(path, "x")).rejects.toThrow(FolderError);
      await expect(folder.read(path)).rejects.toThrow(FolderError);
      await expect(folder.remove(path)).rejects.toThrow(FolderError);
    },
  );
});

describe("a folder on disk", () => {
  it("keeps the old file and leaves nothing behind when the disk is full", async () => {
    const folder = openFolder(join(root, "full"));
    await folder.write("a", "old");
    const handle = await fs.open(join(root, "full", "a"));
    const sync = vi.spyOn(Object.getPrototypeOf(handle), "sync");
    await handle.close();
    sync.mockRejectedValueOnce(Object.assign(new Error("no space"), { code: "ENOSPC" }));
    await expect(folder.write("a", "new")).rejects.toThrow(/disk is full[\s\S]*ENOSPC[\s\S]*to do:/);
    sync.mockRestore();
    expect(await text(folder, "a")).toBe("old");
    expect(await fs.readdir(join(root, "full"))).toEqual(["a"]);
  });

  it("does not list what a killed writer left, and removes it an hour later", async () => {
    const path = join(root, "killed");
    const folder = openFolder(path);
    await fs.mkdir(path);
    for (const name of [".123-0.partial", ".456-0.partial"]) await fs.writeFile(join(path, name), "half");
    const twoHoursAgo = new Date(Date.now() - 7_200_000);
    await fs.utimes(join(path, ".123-0.partial"), twoHoursAgo, twoHoursAgo);
    expect(await folder.list("")).toEqual([]);
    await folder.write("a", "A");
    expect(await folder.list("")).toEqual(["a"]);
    expect((await fs.readdir(path)).sort()).toEqual([".456-0.partial", "a"]);
  });

  it("keeps every byte of concurrent writers apart", async () => {
    const folder = openFolder(join(root, "concurrent"));
    const texts = Array.from({ length: 8 }, (_, i) => String(i).repeat(1000));
    await Promise.all(texts.map((content) => folder.write("a", content)));
    expect(texts).toContain(await text(folder, "a"));
  });
});
