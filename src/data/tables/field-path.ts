type Fields = Readonly<Record<string, unknown>>;

const hasOwn = (value: unknown, name: string): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.hasOwn(value, name);

/**
 * The value of a field, or of one inside of others by its path, such as `meta.body`; a field of just that name comes
 * first. Undefined where there is none.
 */
export function fieldAt(row: Fields, path: string): unknown {
  if (Object.hasOwn(row, path)) return row[path];
  return path
    .split(".")
    .reduce<unknown>((value, name) => (hasOwn(value, name) ? value[name] : undefined), row);
}
