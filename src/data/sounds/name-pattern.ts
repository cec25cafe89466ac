import { DataError } from "../../files/errors.js";

/** What a clip's name can tell. */
export const nameFields = ["class", "speaker", "take"] as const;
/** What names tell of a clip. */
export type NameParts = Partial<Record<(typeof nameFields)[number], string>>;

/**
 * Reads names, without folders and ending, by a pattern such as `{class}_{speaker}_{take}`: undefined for names that do
 * not fit. A field is as short as it can be; all else in the pattern stands for itself.
 * @throws DataError for a pattern without a field, with a field twice, or with one that is none.
 */
export function namePattern(pattern: string): (name: string) => NameParts | undefined {
  const fields = [...pattern.matchAll(/\{([^{}]*)\}/g)].map(([, field]) => field);
  const unknown = fields.find((field) => !nameFields.some((known) => known === field));
  if (fields.length === 0 || new Set(fields).size < fields.length || unknown !== undefined) {
    throw new DataError(
      "the pattern of names cannot be read",
      `${JSON.stringify(pattern)}${unknown === undefined ? "" : `: {${unknown}}`}`,
      `write names as {class}_{speaker}_{take}, with some of the fields ${nameFields.join(", ")}, each once`,
    );
  }
  const parts = pattern.split(/(\{[^{}]*\})/).map((part) => {
    const field = /^\{(.*)\}$/.exec(part)?.[1];
    return field === undefined ? part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&") : `(?<${field}>.+?)`;
  });
  const expression = new RegExp(`^${parts.join("")}$`, "u");
  return (name) => {
    const groups = expression.exec(name.normalize("NFC"))?.groups;
    return groups && { ...groups };
  };
}
