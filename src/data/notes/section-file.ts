/** A run's sections, so that what was held out can be measured with. */
import type { Folder } from "../../files/folder.js";
import type { NoteSection } from "./read-notes.js";

const file = "sections.jsonl";

/** A section as a run keeps it. */
export type StoredSection = Pick<NoteSection, "id" | "source" | "headings" | "text" | "isHeldOut">;

/** Writes a line of JSON a section. */
export async function writeSections(folder: Folder, sections: readonly StoredSection[]): Promise<void> {
  const lines = sections.map(({ id, source, headings, isHeldOut, text }) =>
    JSON.stringify({ id, source, headings, isHeldOut, text }),
  );
  await folder.write(file, `${lines.join("\n")}\n`);
}

/** What `writeSections` wrote. Throws `MissingFileError` where there is none. */
export async function storedSections(folder: Folder): Promise<StoredSection[]> {
  const lines = new TextDecoder().decode(await folder.read(file)).split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line));
}
