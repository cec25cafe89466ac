import type { Tokenizer } from "../../features/tokenizer/tokenizer.js";
import { GenerationError } from "../errors.js";
import { allowedTokens } from "./allowed-tokens.js";
import { Automaton, type State } from "./automaton.js";
import type { CompileConstraint, TokenConstraint } from "./constraint.js";
import { jsonGrammar } from "./json-grammar.js";
import type { Schema } from "./keywords.js";
import { schemaText } from "./schema-text.js";
import { TextNetwork } from "./text-network.js";
import { Vocabulary } from "./vocabulary.js";

/** Grammars that are kept for the next text with the same schema. */
const MAX_GRAMMARS = 8;

/**
 * Constraints under which a model writes JSON that a schema allows, and nothing else. What is written is always
 * valid; not all that is valid can be written: properties come in the order of the schema, numbers have at most
 * 15 or 16 digits, listed values and keys are spelled in one way.
 *
 * The vocabulary is read when the first schema comes; a tokenizer that cannot write JSON is refused then.
 * `vocabSize` is the number of logits, the model's; `endTokens` end an answer, see `endTokensOf`.
 */
export async function jsonConstraints(
  tokenizer: Tokenizer,
  vocabSize: number,
  endTokens: readonly number[],
): Promise<CompileConstraint> {
  const compiler = new JsonCompiler(tokenizer, vocabSize, endTokens);
  return async (schema) => compiler.compile(schema);
}

/** Compiles schemas for one vocabulary, and keeps the last grammars. */
export class JsonCompiler {
  private vocabulary?: Vocabulary;
  private readonly grammars = new Map<string, Automaton>();

  constructor(
    readonly tokenizer: Tokenizer,
    private readonly vocabSize: number,
    private readonly endTokens: readonly number[],
  ) {}

  /**
   * A constraint at the start of its text; with `afterSpace` one space, or a new line with some indentation, may come
   * first. Throws `GenerationError` for a schema that cannot be expressed.
   */
  compile(schema: object | true, { afterSpace = false } = {}): JsonConstraint {
    const text = schema === true ? '{"type":"object"}' : schemaText(schema);
    this.vocabulary ??= new Vocabulary(this.tokenizer, this.vocabSize, this.endTokens);
    const key = afterSpace ? ` ${text}` : text;
    const grammar = this.grammars.get(key) ?? draw(JSON.parse(text), this.vocabulary, afterSpace);
    this.grammars.delete(key); // to come last in the order of use
    this.grammars.set(key, grammar);
    if (this.grammars.size > MAX_GRAMMARS) this.grammars.delete(this.grammars.keys().next().value!);
    return new JsonConstraint(grammar, this.vocabulary);
  }
}

function draw(schema: Schema, { alphabet }: Vocabulary, afterSpace: boolean): Automaton {
  const net = new TextNetwork(alphabet);
  const root = jsonGrammar(schema, net, { afterSpace });
  return new Automaton(net.nodes, root);
}

/** Follows one text through a grammar. */
export class JsonConstraint implements TokenConstraint {
  private state: State;
  private isEnded = false;

  constructor(
    private readonly grammar: Automaton,
    private readonly vocabulary: Vocabulary,
  ) {
    this.state = grammar.start;
  }

  get isComplete(): boolean {
    return this.isEnded || (this.state.mayEnd && this.state.places.length === 0);
  }

  mask(logits: Float32Array): void {
    const allowed = allowedTokens(this.state, this.grammar, this.vocabulary);
    for (let id = 0; id < logits.length; id++) {
      if (((allowed[id >> 5] >>> (id & 31)) & 1) === 0) logits[id] = Number.NEGATIVE_INFINITY;
    }
  }

  /** Throws `GenerationError` for a token that `mask` had ruled out. */
  accept(id: number): void {
    const isEnd = this.vocabulary.endTokens.includes(id);
    const next = isEnd ? undefined : this.stateAfter(id);
    if (isEnd ? !this.state.mayEnd : !next) {
      throw new GenerationError(
        "the token does not continue the JSON",
        `id ${id}`,
        "sample from the logits that the constraint has masked",
      );
    }
    if (next) this.state = next;
    else this.isEnded = true;
  }

  /** Takes a text that is written already. False, and nothing is taken, where the grammar does not allow it. */
  read(text: string): boolean {
    const next = this.stateBehind(new TextEncoder().encode(text));
    if (next) this.state = next;
    return next !== null;
  }

  private stateAfter(id: number): State | null {
    const bytes = this.vocabulary.bytesOf(id);
    return bytes === undefined || this.isEnded ? null : this.stateBehind(bytes);
  }

  private stateBehind(bytes: Uint8Array): State | null {
    let state: State | null = this.state;
    for (const byte of bytes) state &&= this.grammar.step(state, byte);
    return state;
  }
}
