import { getNodeValue, type Node } from "jsonc-parser";
import { childrenOf, type JsonChild, pointer } from "./json-tree.js";
import type { TextEdit, Translations } from "./message-format.js";

/**
 * Edits that put into a target file what it lacks and there is a translation of, each behind the neighbour that it has
 * in the source, in the target's own indentation and line ends.
 */
export function jsonAdditions(
  text: string,
  source: Node,
  target: Node,
  translations: Translations,
): TextEdit[] {
  return additionsIn({ text, unit: indentationOf(text), translations }, source, target, "");
}

interface Writing {
  readonly text: string;
  /** One level of indentation. */
  readonly unit: string;
  readonly translations: Translations;
}

function additionsIn(writing: Writing, source: Node, target: Node, at: string): TextEdit[] {
  if (target.children === undefined) return [];
  const there = new Map(childrenOf(target).map((child) => [child.name, child]));
  if (there.size === 0) return intoEmpty(writing, source, target, at);
  let behind: JsonChild | undefined;
  return childrenOf(source).flatMap(({ name, value }) => {
    const known = there.get(name);
    behind = known ?? behind;
    if (known?.value.type === value.type) return additionsIn(writing, value, known.value, pointer(at, name));
    const added = translated(value, pointer(at, name), writing.translations);
    if (added === undefined) return [];
    if (!known) return [insertion(writing, target, { name, added, behind })];
    const { offset, length } = known.value;
    return [{ offset, length, content: rendered(added, writing.unit, lineStart(writing.text, offset)) }];
  });
}

/** What a source becomes of which there are translations: objects without the rest, arrays whole; else undefined. */
function translated(node: Node, at: string, translations: Translations): unknown {
  if (node.type !== "object" && node.type !== "array") return translations.get(at);
  const parts = childrenOf(node).map(({ name, value }) => {
    return { name, value, added: translated(value, pointer(at, name), translations) };
  });
  if (parts.every(({ added }) => added === undefined)) return undefined;
  if (node.type === "array") return parts.map(({ value, added }) => added ?? getNodeValue(value));
  return Object.fromEntries(
    parts.filter(({ added }) => added !== undefined).map(({ name, added }) => [name, added]),
  );
}

function insertion(
  { text, unit }: Writing,
  parent: Node,
  { name, added, behind }: { name: string; added: unknown; behind: JsonChild | undefined },
): TextEdit {
  const label = parent.type === "array" ? "" : `${JSON.stringify(name)}: `;
  const [first] = childrenOf(parent);
  const anchor = (behind ?? first).whole;
  const line = lineStart(text, anchor.offset);
  const isFirstOfLine = text.slice(0, anchor.offset).endsWith(line);
  const content = `${label}${rendered(added, isFirstOfLine ? unit : "", line)}`;
  const gap = isFirstOfLine ? line : " ";
  return behind
    ? { offset: anchor.offset + anchor.length, length: 0, content: `,${gap}${content}` }
    : { offset: anchor.offset, length: 0, content: `${content},${gap}` };
}

/** Comments in it stay. */
function intoEmpty(
  { text, unit, translations }: Writing,
  source: Node,
  target: Node,
  at: string,
): TextEdit[] {
  const added = translated(source, at, translations);
  if (added === undefined) return [];
  const { offset, length } = target;
  const content = rendered(added, unit, lineStart(text, offset));
  const isBlank = text.slice(offset + 1, offset + length - 1).trim() === "";
  return isBlank
    ? [{ offset, length, content }]
    : [{ offset: offset + 1, length: 0, content: content.slice(1, -1).trimEnd() }];
}

/** JSON whose further lines begin with `line`. */
function rendered(value: unknown, unit: string, line: string): string {
  return JSON.stringify(value, null, unit).replaceAll("\n", line);
}

/** The end of the line before `offset`, and the white space with which the line of `offset` begins. */
function lineStart(text: string, offset: number): string {
  const begin = text.lastIndexOf("\n", offset - 1) + 1;
  const [indentation] = /^[ \t]*/.exec(text.slice(begin, offset))!;
  return `${text.includes("\r\n") ? "\r\n" : "\n"}${indentation}`;
}

function indentationOf(text: string): string {
  return /\n([ \t]+)\S/.exec(text)?.[1] ?? "  ";
}
