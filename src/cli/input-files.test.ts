import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.js";
import { CommandError } from "./errors.js";
import { readInputs } from "./input-files.js";

const place = temporaryFolder();
const inputs = { name: "recordings", endings: [".wav"] };

it("files of a folder are read when it is their turn", () => {
  const stderr = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  for (const name of ["a.wav", "b.WAV", "c.txt"]) writeFileSync(join(place, name), name);
  const [first, second, ...others] = readInputs([place], inputs);
  expect(others).toEqual([]);
  expect(stderr).toHaveBeenCalledWith(expect.stringMatching(/left out: 1 .*c\.txt/));
  vi.restoreAllMocks();
  writeFileSync(first.name, "later");
  rmSync(second.name);
  expect(new TextDecoder().decode(first.bytes)).toBe("later");
  expect(() => second.bytes).toThrow(CommandError);
});

it("a file that is not there is missed before any is read", () => {
  expect(() => readInputs([join(place, "a.wav"), join(place, "none.wav")], inputs)).toThrow(/none\.wav/);
});
