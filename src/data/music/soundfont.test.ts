import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.js";
import { MissingFileError } from "../../files/errors.js";
import { findSoundfont } from "./soundfont.js";

const root = temporaryFolder();

it("a soundfont is the one that is named, else the first of the system's, else none", async () => {
  const folder = join(root, "sf2");
  expect(await findSoundfont(undefined, folder)).toBeUndefined();
  mkdirSync(folder);
  for (const name of ["b.sf2", "a.sf3", "A.txt"]) writeFileSync(join(folder, name), name);
  expect((await findSoundfont(undefined, folder))?.path).toBe(join(folder, "a.sf3"));
  const named = await findSoundfont(join(folder, "b.sf2"), folder);
  expect(Buffer.from(named!.bytes).toString()).toBe("b.sf2");
  await expect(findSoundfont(join(folder, "c.sf2"))).rejects.toThrow(MissingFileError);
});
