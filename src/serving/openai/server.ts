import { type HostOptions, type RunningServer, startHost } from "../http/server.js";

import { type LanguageServing, serveLanguage } from "./served.js";

export type { RunningServer } from "../http/server.js";

export interface ServerOptions extends HostOptions, Omit<LanguageServing, "model"> {
  readonly model: LanguageServing["model"] & Pick<HostOptions, "created">;
}

/**
 * An HTTP server that speaks OpenAI's API for one language model and its adapters. Throws `ServingError` when the
 * address cannot be listened on, `ChatError` for a chat template that is broken.
 */
export function startServer(options: ServerOptions): Promise<RunningServer> {
  return startHost(serveLanguage(options), { created: options.model.created, ...options });
}
