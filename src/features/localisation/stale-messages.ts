import { randomKey } from "../../core/random.js";
import type { Message } from "./message-format.js";

/** Hashes of sources by the keys of their messages: what a file beside the translations keeps. */
export type SourceHashes = Readonly<Record<string, string>>;

/** 64 bits of each source, in hexadecimal digits. */
export function sourceHashes(messages: readonly Message[]): SourceHashes {
  return Object.fromEntries(messages.map(({ key, source }) => [key, hashOf(source)]));
}

/**
 * Keys of messages to translate: those without a translation, and those whose source is not what it was. A message that
 * has a translation but no hash counts as translated.
 */
export function staleKeys(previous: SourceHashes, messages: readonly Message[]): string[] {
  const isStale = ({ key, source, target }: Message) =>
    target === undefined || (Object.hasOwn(previous, key) && previous[key] !== hashOf(source));
  return messages.filter(isStale).map(({ key }) => key);
}

function hashOf(source: string): string {
  return randomKey(0, source)
    .map((word) => word.toString(16).padStart(8, "0"))
    .join("");
}
