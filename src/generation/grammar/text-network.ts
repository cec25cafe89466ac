import { EVERY_CHARACTER, intersection, type Range, utf8Sequences } from "./characters.js";
import { Network, type Node, type Piece } from "./network.js";

/** The most nodes that the grammar of one schema may have. */
const MAX_NODES = 60_000;

/** A network that reads text as UTF-8 bytes. */
export class TextNetwork extends Network {
  /** `alphabet`: the characters that may occur at all, in order and without overlap. */
  constructor(private readonly alphabet: readonly Range[] = EVERY_CHARACTER) {
    super(MAX_NODES, "JSON schema");
  }

  /** One character of these ranges (in order, without overlap, no surrogates). */
  characters(ranges: readonly Range[]): Piece {
    const sequences = intersection(ranges, this.alphabet).flatMap(utf8Sequences);
    return (from) => {
      const to = this.node();
      for (const bytes of sequences) this.bytes(from, bytes, to);
      return to;
    };
  }

  /** This text, character by character. */
  literal(text: string): Piece {
    const characters = Array.from(text, (character) => {
      const codePoint = character.codePointAt(0)!;
      return this.characters([[codePoint, codePoint]]);
    });
    return this.sequence(...characters);
  }

  /** One of the texts; where they begin alike they share their nodes, so that thousands can be read at once. */
  words(texts: Iterable<string>): Piece {
    return (from) => {
      const to = this.node();
      for (const { node, isWord } of this.wordTree(from, texts)) if (isWord) node.skips.push(to);
      return to;
    };
  }

  /** Draws the texts from a node on as a tree of characters; the first place is the node itself. */
  wordTree(from: Node, texts: Iterable<string>): WordPlace[] {
    const places: WordPlace[] = [{ node: from, isWord: false, next: new Map() }];
    for (const text of texts) {
      let place = places[0];
      for (const character of text) {
        let next = place.next.get(character);
        if (next === undefined) {
          next = { node: this.literal(character)(place.node), isWord: false, next: new Map() };
          place.next.set(character, next);
          places.push(next);
        }
        place = next;
      }
      place.isWord = true;
    }
    return places;
  }

  private bytes(from: Node, bytes: readonly Range[], to: Node): void {
    let at = from;
    for (const [i, [first, last]] of bytes.entries()) {
      const next = i === bytes.length - 1 ? to : this.node();
      at.moves.push({ first, last, to: next });
      at = next;
    }
  }
}

/** A place in a tree of texts. */
export interface WordPlace {
  readonly node: Node;
  isWord: boolean;
  readonly next: Map<string, WordPlace>;
}
