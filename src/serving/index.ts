/**
 * Answering over HTTP in OpenAI's words: a server of its own, or routes for an app that exists.
 *
 * @module autodidact/server
 */

export type { Engine, GenerationEvent, GenerationRequest } from "./engine/engine.js";
export { startEngine } from "./engine/worker-engine.js";
export { ServingError } from "./errors.js";
export type { ApiKey, Keyring } from "./http/keyring.js";
export type { Limits } from "./http/limits.js";
export type { Host, Route, Served } from "./http/served.js";
export { type HostOptions, type RunningServer, startHost } from "./http/server.js";
export { type LanguageServing, serveLanguage } from "./openai/served.js";
export { createRoutes, type RoutesOptions, type ServerOptions, startServer } from "./openai/server.js";
export type { ServedModel } from "./openai/service.js";
export { chatPage } from "./page/page.js";
