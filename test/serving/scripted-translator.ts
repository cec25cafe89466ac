/** A translator without a model, served as LibreTranslate is: it says which language it was asked for. */
import type { Hono } from "hono";
import { onTestFinished } from "vitest";
import { detectLanguage } from "../../src/features/translation/detect-language.js";
import { type HostOptions, type RunningServer, startHost } from "../../src/serving/http/server.js";
import { translationRoutes } from "../../src/serving/libretranslate/routes.js";
import type {
  Flag,
  ServedTranslator,
  Translated,
  TranslationRequest,
} from "../../src/serving/libretranslate/translator.js";

export class ScriptedTranslator implements ServedTranslator {
  readonly name = "tiny";
  readonly languages = [
    { code: "en", name: "English", targets: ["de", "fr"] },
    { code: "de", name: "German", targets: ["en"] },
    { code: "fr", name: "French", targets: [] },
  ];
  /** Every request that came. */
  readonly seen: TranslationRequest[] = [];
  /** How many were given up by who asked. */
  aborted = 0;
  flags: readonly Flag[] = [];
  /** What the next requests fail with. */
  failure?: Error;
  private held?: Promise<void>;
  private open = () => {};

  detect(text: string) {
    return detectLanguage(text, ["en", "de"]);
  }

  async translate(asked: TranslationRequest, signal: AbortSignal): Promise<Translated[]> {
    this.seen.push(asked);
    signal.addEventListener("abort", () => this.aborted++);
    await this.held;
    signal.throwIfAborted();
    if (this.failure) throw this.failure;
    const { flags } = this;
    return asked.texts.map((text) => {
      const alternatives = Array.from(
        { length: asked.alternatives },
        (_, i) => `${asked.target}${i}: ${text}`,
      );
      return { text: `${asked.target}: ${text}`, alternatives, flags };
    });
  }

  /** From now on requests wait, until `release`. */
  hold(): void {
    this.held = new Promise((resolve) => {
      this.open = resolve;
    });
  }

  release(): void {
    this.open();
    this.held = undefined;
  }
}

/** The translator behind its routes, gone when the test is done. */
export async function serveTranslator(
  translator: ServedTranslator,
  change: Partial<HostOptions> & { readonly page?: Hono } = {},
): Promise<RunningServer> {
  const { page, ...options } = change;
  const served = {
    ...{ models: [translator.name], routes: translationRoutes(translator), page },
    hasFailed: async () => false,
    ...{ facts: {}, description: "", example: { path: "/translate", body: {} } },
    close: async () => {},
  };
  const limits = { bodyBytes: 20_000, maxConcurrent: 1, maxQueue: 1 };
  const server = await startHost(served, { port: 0, limits, ...options });
  onTestFinished(() => server.close(0));
  return server;
}
