/** An engine without a model, whose pace the test decides: for what HTTP does while answers are written. */
import type { Engine, GenerationEvent, GenerationRequest } from "../../src/serving/engine/engine.js";

export class ScriptedEngine implements Engine {
  /** Every request that came. */
  readonly seen: GenerationRequest[] = [];
  /** What the next requests fail with, after their first token or at once. */
  failure?: { readonly error: Error; readonly afterFirst: boolean };
  private readonly gates = new Set<() => void>();
  private isHeld = false;
  private counts = { active: 0, promptTokens: 0, completionTokens: 0 };

  /** Writes `maxTokens` letters, the first of them chosen by the seed. */
  async *generate(request: GenerationRequest, signal?: AbortSignal): AsyncGenerator<GenerationEvent> {
    this.seen.push(request);
    const { failure } = this;
    if (failure && !failure.afterFirst) throw failure.error;
    this.counts.active++;
    this.counts.promptTokens += request.prompt.length;
    try {
      for (let i = 0; i < request.maxTokens; i++) {
        if (failure && i === 1) throw failure.error;
        if (i > 0) await this.gate(signal);
        this.counts.completionTokens++;
        yield { kind: "text", text: String.fromCharCode(97 + ((request.seed + i) % 26)), tokens: [] };
      }
      const [promptTokens, completionTokens] = [request.prompt.length, request.maxTokens];
      yield { kind: "end", finishReason: "length", promptTokens, completionTokens };
    } finally {
      this.counts.active--;
    }
  }

  async embed(ids: Int32Array): Promise<Float32Array> {
    if (this.failure) throw this.failure.error;
    return Float32Array.of(ids.length, ids[0], ids.at(-1)!);
  }

  load() {
    return { ...this.counts, waiting: 0 };
  }

  async close(): Promise<void> {}

  /** From now on answers stop after their first token, until `release`. */
  hold(): void {
    this.isHeld = true;
  }

  release(): void {
    this.isHeld = false;
    for (const open of this.gates) open();
  }

  private gate(signal?: AbortSignal): Promise<void> | undefined {
    if (!this.isHeld) return undefined;
    return new Promise((resolve, reject) => {
      const open = () => {
        this.gates.delete(open);
        resolve();
      };
      this.gates.add(open);
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  }
}
