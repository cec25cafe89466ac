import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.js";
import { readNotes } from "./read-notes.js";

const place = temporaryFolder();
const write = (name: string, text: string) => writeFileSync(join(place, name), text);
const read = (seed = 1, files = join(place, "*.md")) => readNotes({ files, validationFraction: 0.3, seed });
const words = (from: number) => Array.from({ length: 20 }, (_, i) => `word${from + i}`).join(" ");

describe("readNotes", () => {
  it("holds sections out by seed and content; what is written twice is kept once", async () => {
    const part = (i: number) => `# Title ${i}\n\n${words(20 * i)}\n\n`;
    write("a.md", Array.from({ length: 10 }, (_, i) => part(i)).join(""));
    write("b.md", `# TITLE 3\n\n${words(60).replaceAll(" ", "\n")}\n`);
    const notes = await read();
    expect([notes.sections.length, notes.repeated]).toEqual([10, 1]);
    const held = notes.sections.filter(({ isHeldOut }) => isHeldOut).map(({ id }) => id);
    expect(held).toHaveLength(3);
    expect(await read()).toEqual(notes);
    write("a.md", Array.from({ length: 10 }, (_, i) => part(9 - i)).join(""));
    const turned = await read();
    expect(
      turned.sections
        .filter(({ isHeldOut }) => isHeldOut)
        .map(({ id }) => id)
        .sort(),
    ).toEqual(held.sort());
    const others = await read(2);
    expect(others.sections.filter(({ isHeldOut }) => isHeldOut).map(({ id }) => id)).not.toEqual(held);
  });

  it("keeps what stands below two headings once", async () => {
    const parts = Array.from({ length: 5 }, (_, i) => `# Title ${i}\n\n${words(1000 + 20 * i)}\n\n`);
    write(
      "twice.txt",
      `${parts.join("")}# Another title\n\n${words(1040)}\n\n# Empty\n\n***\n\n# Bare\n\n***\n`,
    );
    const { sections, repeated } = await read(1, join(place, "twice.txt"));
    expect(sections.map(({ headings }) => headings[0])).toEqual([
      ...["Title 0", "Title 1", "Title 2", "Title 3", "Title 4", "Empty", "Bare"],
    ]);
    expect(repeated).toBe(1);
  });

  it("refuses notes of one section", async () => {
    write("one.txt", "Only this.");
    await expect(read(1, join(place, "one.txt"))).rejects.toThrow(
      /too few sections[\s\S]*1 in .*one\.txt[\s\S]*headings/,
    );
  });
});
