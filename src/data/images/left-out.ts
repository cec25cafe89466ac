import { counted } from "../../core/quantities.js";

/** A sentence on things that are not read, such as `3 files of other kinds, such as notes.txt`; none for no things. */
export function leftOutOf(what: string, where: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  return [`${counted(names.length, what)} ${where}${names.length === 1 ? ":" : ", such as"} ${names[0]}`];
}
