/** Far more than what we read ever nests, and far from where walking it overflows the stack. */
const mostLevels = 256;

/** `JSON.parse` for what others wrote. Throws `SyntaxError`, also for values that are nested too deeply. */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (isDeeper(value, mostLevels)) throw new SyntaxError(`It is nested more than ${mostLevels} levels deep.`);
  return value;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((part) => isDeeper(part, levels - 1));
}
