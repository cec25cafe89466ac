/** Decoding under a grammar: what `generate` and the server's scheduler ask, and what a grammar's compiler answers. */

/** Says at each place of one answer which tokens may come. */
export interface TokenConstraint {
  /** Sets the logits [v] of tokens that may not come next to -Infinity; at least one stays. */
  mask(logits: Float32Array): void;
  /** Takes the token that was chosen, which `mask` allowed. */
  accept(id: number): void;
  /** The answer is whole: the text ends here. */
  readonly isComplete: boolean;
  /** Frees what lies outside the JavaScript heap. Called once, also when the answer breaks off. */
  release?(): void;
}

/** Compiles the grammar of a JSON schema (`true`: any JSON object). Throws `GenerationError` for one it cannot express. */
export type CompileConstraint = (schema: object | true) => Promise<TokenConstraint>;
