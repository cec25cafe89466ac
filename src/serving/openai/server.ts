import type { Hono } from "hono";
import { createApp } from "../http/app.js";
import { Admission } from "../http/limits.js";
import { type HostOptions, keyringOf, type RunningServer, startHost } from "../http/server.js";
import { type LanguageServing, serveLanguage } from "./served.js";

export type { RunningServer } from "../http/server.js";

/** What is served, and to whom. */
export interface RoutesOptions extends Omit<HostOptions, "port" | "created">, Omit<LanguageServing, "model"> {
  /** `created` in seconds since 1970; default now. */
  readonly model: LanguageServing["model"] & Pick<HostOptions, "created">;
}

/** What is served, to whom, and where. */
export interface ServerOptions extends RoutesOptions, Pick<HostOptions, "port"> {}

/**
 * An HTTP server that speaks OpenAI's API for one language model and its adapters. Throws `ServingError` when the
 * address cannot be listened on and for keys without use or with wrong limits, `ChatError` for a chat template that is broken.
 */
export function startServer(options: ServerOptions): Promise<RunningServer> {
  return startHost(serveLanguage(options), { created: options.model.created, ...options });
}

/**
 * The routes for a server of one's own: `app.mount("/ai", createRoutes(options).fetch)` in Hono,
 * `app.use("/ai", getRequestListener(createRoutes(options).fetch))` in Express, with `@hono/node-server`.
 * Throws `ChatError` for a chat template that is broken, `ServingError` for keys without use or with wrong limits.
 */
export function createRoutes(options: RoutesOptions): Hono {
  const { host = "127.0.0.1", apiKey, limits, model, allowOrigins } = options;
  const { onFault = (error: unknown) => console.error(error) } = options;
  const { created = Math.floor(Date.now() / 1000) } = model;
  const parts = { limits, onFault, keys: keyringOf(apiKey), admission: new Admission(limits) };
  return createApp(serveLanguage(options), parts, {
    address: host,
    created,
    allowOrigins,
    isClosing: () => false,
  });
}
