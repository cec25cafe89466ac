import { type StreamDecoder, streamDecoder } from "../../features/tokenizer/stream-decoder.js";
import { GenerationError } from "../errors.js";
import { argumentsSchema, callSchema } from "./call-schema.js";
import type { CallableFunction, CallGrammar, CompileCalls, TokenConstraint } from "./constraint.js";
import type { JsonCompiler, JsonConstraint } from "./json-schema-constraint.js";

/**
 * Constraints under which a model may say what it likes, but whose calls are valid: once a call is open, only JSON can
 * come that names a function and fits its parameters. Parameters that no grammar expresses are then any object, unless
 * they are strict.
 */
export function callConstraints(compiler: JsonCompiler): CompileCalls {
  return async (calls) => {
    const schema = expressible(calls, compiler);
    const start = () => compiler.compile(schema, { afterSpace: true });
    return new CallConstraint(calls, streamDecoder(compiler.tokenizer), start);
  };
}

/**
 * The schema of a call. Where all functions together cannot be expressed they are looked at one by one; where the rest
 * is still too much, only the strict ones keep their parameters. Throws `GenerationError` where those cannot be kept.
 */
function expressible(calls: CallGrammar, compiler: JsonCompiler): object {
  const compiled = (schema: () => object) => compilable(schema, compiler);
  const isStrict = (one: CallableFunction) => one.isStrict ?? false;
  const whole = compiled(() => callSchema(calls));
  if (whole) return whole;
  for (const one of calls.functions) if (isStrict(one)) compiler.compile(argumentsSchema(one));
  const leftOut = calls.functions.filter((one) => !isStrict(one) && !compiled(() => argumentsSchema(one)));
  const most = leftOut.length > 0 && compiled(() => callSchema(calls, (one) => !leftOut.includes(one)));
  if (most) return most;
  const least = callSchema(calls, isStrict);
  compiler.compile(least, { afterSpace: true });
  return least;
}

/** Undefined for a schema that cannot be expressed. */
function compilable(schema: () => object, compiler: JsonCompiler): object | undefined {
  try {
    const made = schema();
    compiler.compile(made, { afterSpace: true });
    return made;
  } catch (error) {
    if (error instanceof GenerationError) return undefined;
    throw error;
  }
}

/** Watches a text for the start of a call, and follows the call to its end. */
class CallConstraint implements TokenConstraint {
  isComplete = false;
  private json?: JsonConstraint;
  /** What was written since the last call, as far as it matters. */
  private text = "";
  private mayCall = true;

  constructor(
    private readonly calls: CallGrammar,
    private readonly decoder: StreamDecoder,
    private readonly start: () => JsonConstraint,
  ) {
    if (calls.isOpened) this.json = start();
  }

  get isInCall(): boolean {
    return this.json !== undefined;
  }

  mask(logits: Float32Array): void {
    this.json?.mask(logits);
  }

  accept(id: number): void {
    const piece = this.decoder.push(id);
    if (this.json) {
      this.json.accept(id);
      if (this.json.isComplete) this.endCall();
    } else if (this.mayCall) {
      this.text += piece;
      this.watch();
    }
  }

  private watch(): void {
    const written = this.calls.open === "" ? this.bareCall() : this.behindOpening();
    if (written === undefined) return;
    const json = this.start();
    this.text = "";
    // What followed the opening in the same token may be no call after all: then it stays text. Of white space the
    // grammar reads less than a token may bring.
    if (json.read(written) || json.read(written.trimStart())) this.json = json;
  }

  private behindOpening(): string | undefined {
    const { open } = this.calls;
    const at = this.text.indexOf(open);
    if (at >= 0) return this.text.slice(at + open.length);
    this.text = this.text.slice(-open.length);
    return undefined;
  }

  /**
   * An answer that begins as a call of a known function: JSON alone may be what was asked for. White space around
   * the name is left out, of which the grammar reads less than JSON has.
   */
  private bareCall(): string | undefined {
    const begun = this.text.trimStart();
    const [head, name] = /^\{\s*"name"\s*:\s*"([^"\\]*)"/.exec(begun) ?? [];
    if (head !== undefined && this.calls.functions.some((one) => one.name === name)) {
      return `{"name":"${name}"${begun.slice(head.length).trimStart()}`;
    }
    this.mayCall = (begun === "" || begun.startsWith("{")) && begun.length < 200;
    return undefined;
  }

  private endCall(): void {
    this.json = undefined;
    this.isComplete = this.calls.isOpened || this.calls.open === "" || !this.calls.mayBeSeveral;
  }
}
