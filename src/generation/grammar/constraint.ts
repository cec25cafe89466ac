/** Decoding under a grammar: what `generate` and the server's scheduler ask, and what a grammar's compiler answers. */

/** Says at each place of one answer which tokens may come. */
export interface TokenConstraint {
  /** Sets the logits [v] of tokens that may not come next to -Infinity; at least one stays. */
  mask(logits: Float32Array): void;
  /** Takes the token that was chosen, which `mask` allowed. */
  accept(id: number): void;
  /** The answer is whole: the text ends here. */
  readonly isComplete: boolean;
  /** The next token belongs to a call of a function, which no stop string ends. */
  readonly isInCall?: boolean;
  /** Frees what lies outside the JavaScript heap. Called once, also when the answer breaks off. */
  release?(): void;
}

/** Compiles the grammar of a JSON schema (`true`: any JSON object). Throws `GenerationError` for one it cannot express. */
export type CompileConstraint = (schema: object | true) => Promise<TokenConstraint>;

/** A function that a model may ask to be called. */
export interface CallableFunction {
  readonly name: string;
  /** A JSON schema of an object; absent: there are no arguments. */
  readonly parameters?: object;
  /** Arguments have to keep to the schema exactly, or the request is refused. */
  readonly isStrict?: boolean;
}

/** How an answer calls functions: each call is JSON with a name and arguments. */
export interface CallGrammar {
  readonly functions: readonly CallableFunction[];
  /** The key of the arguments, beside `name`. */
  readonly argumentsKey: "arguments" | "parameters";
  /** The text that a call follows; empty: an answer is a call or has none. */
  readonly open: string;
  /** The call is open already: the answer is its JSON, and nothing else. */
  readonly isOpened: boolean;
  /** Several calls may be made; otherwise the answer ends with the first. */
  readonly mayBeSeveral: boolean;
}

/** Compiles what keeps calls of functions valid. Throws `GenerationError` for strict parameters that cannot be expressed. */
export type CompileCalls = (calls: CallGrammar) => Promise<TokenConstraint>;
