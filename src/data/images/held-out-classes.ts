import { counted } from "../../core/quantities.js";
import type { Split } from "./collection.js";

interface Classed {
  /** Undefined for none. */
  readonly class: string | undefined;
}

/**
 * Held-out images by the classes of training: one of a class that no training image has would only count as an error,
 * so it is left out, by name. Where no class at all is known the names are no classes, and all images stay, without.
 */
export function knownClasses<T extends Classed>(
  split: Split,
  items: readonly T[],
  classes: readonly string[],
): { kept: readonly T[]; leftOut: string[] } {
  const trained = new Set(classes);
  const isUnknown = (item: T) => item.class !== undefined && !trained.has(item.class);
  const unknown = items.filter(isUnknown);
  if (unknown.length === 0) return { kept: items, leftOut: [] };
  const names = fewOf([...new Set(unknown.map((item) => item.class!))].sort());
  if (!items.some((item) => item.class !== undefined && trained.has(item.class))) {
    const kept = items.map((item) => ({ ...item, class: undefined }));
    return { kept, leftOut: [`the classes of the ${split} split, none of which training has: ${names}`] };
  }
  const kept = items.filter((item) => !isUnknown(item));
  const what = counted(unknown.length, "picture");
  return { kept, leftOut: [`${what} of the ${split} split in classes that training has not: ${names}`] };
}

function fewOf(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 4).join(", ")} and ${names.length - 4} more` : names.join(", ");
}
