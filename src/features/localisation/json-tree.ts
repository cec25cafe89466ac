import { type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import { LocalisationError } from "./errors.js";
import { placeOf } from "./message-format.js";

/** A member of an object or an element of an array. */
export interface JsonChild {
  /** A name, or an index. */
  readonly name: string;
  /** With the name and the colon, where it has them. */
  readonly whole: Node;
  readonly value: Node;
}

/** Far more than messages ever nest, and far from where reading them overflows the stack. */
const MOST_LEVELS = 256;

/**
 * JSON with its offsets; comments and trailing commas are let pass, a byte order mark is none of it.
 * @throws LocalisationError for bad JSON, with its place, for names that come twice in an object, and too deep nesting.
 */
export function jsonTree(text: string): Node {
  requireShallow(text);
  const errors: ParseError[] = [];
  // The mark becomes a space, so that offsets stay.
  const root = parseTree(text.replace(/^\uFEFF/, " "), errors, { allowTrailingComma: true });
  if (errors.length > 0 || root === undefined) {
    const [{ error, offset } = { error: 4, offset: 0 }] = errors;
    throw new LocalisationError(
      "a file of messages is not JSON",
      `${printParseErrorCode(error)} at ${placeOf(text, offset)}`,
      text.trim() === "" ? "the file is empty: write {} into it" : "mend the file at that place",
    );
  }
  requireUniqueNames(text, root);
  return root;
}

/** What an object or an array holds, in order. */
export function childrenOf(node: Node): JsonChild[] {
  const children = node.children ?? [];
  if (node.type === "array") {
    return children.map((value, i) => ({ name: `${i}`, whole: value, value }));
  }
  return children.map((whole) => ({ name: whole.children![0].value, whole, value: whole.children![1] }));
}

/** The JSON pointer (RFC 6901) of what lies under `name` in `parent`. */
export function pointer(parent: string, name: string): string {
  return `${parent}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** All strings under a node with their pointers, in order. */
export function stringsOf(node: Node, at = ""): { key: string; node: Node }[] {
  if (node.type === "string") return [{ key: at, node }];
  if (node.type !== "object" && node.type !== "array") return [];
  return childrenOf(node).flatMap(({ name, value }) => stringsOf(value, pointer(at, name)));
}

function requireShallow(text: string): void {
  let level = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\\n]|\\.)*"|[[\]{}]/g)) {
    if (token === "{" || token === "[") level++;
    if (token === "}" || token === "]") level--;
    if (level <= MOST_LEVELS) continue;
    throw new LocalisationError(
      "a file of messages is nested too deeply",
      `more than ${MOST_LEVELS} levels`,
      "name the file that holds the messages",
    );
  }
}

function requireUniqueNames(text: string, node: Node): void {
  const seen = new Set<string>();
  for (const { name, whole, value } of childrenOf(node)) {
    if (seen.has(name)) {
      throw new LocalisationError(
        "an object of messages has the same key twice",
        `${JSON.stringify(name)} again at ${placeOf(text, whole.offset)}`,
        "remove one of them: programs show the last, translators see both",
      );
    }
    seen.add(name);
    requireUniqueNames(text, value);
  }
}
