/** The routes of the server, and what every request passes before them. */
import { Hono, type MiddlewareHandler } from "hono";
import type { Engine } from "../engine/engine.js";
import { ServingError } from "../errors.js";
import { chatCompletions } from "../openai/chat-completions.js";
import { completions } from "../openai/completions.js";
import { embeddings } from "../openai/embeddings.js";
import { modelRoutes } from "../openai/models.js";
import type { Service } from "../openai/service.js";
import { ApiError, answerFor, shuttingDown } from "./api-error.js";
import { requireKey } from "./api-key.js";
import { refuseOtherSites } from "./same-site.js";

export interface AppOptions {
  /** The address that the server is bound to. */
  readonly host: string;
  readonly apiKey?: string;
  /** The chat page: its routes are open, as it asks for the key itself. */
  readonly page?: Hono;
  /** Whether the server is ending. */
  readonly isClosing: () => boolean;
}

/** Paths and the method that each takes; also the names of routes in the metrics. */
const methods: Readonly<Record<string, "GET" | "POST">> = {
  "/v1/chat/completions": "POST",
  "/v1/completions": "POST",
  "/v1/embeddings": "POST",
  "/v1/models": "GET",
  "/v1/models/:id{.+}": "GET",
  "/healthz": "GET",
  "/metrics": "GET",
};

export function createApp(service: Service, { host, apiKey, page, isClosing }: AppOptions): Hono {
  const app = new Hono();
  app.onError((error) => respondWith(answerFor(error, service.onFault)));
  app.notFound((c) => respondWith(unknownUrl(c.req.method, c.req.path)));
  app.use(countRequests(service));
  app.use(refuseWhen(isClosing));
  if (apiKey === undefined) app.use(refuseOtherSites(host));
  else for (const path of ["/v1/*", "/metrics"]) app.use(path, requireKey(apiKey));
  modelRoutes(app, service);
  app.post("/v1/chat/completions", (c) => chatCompletions(c, service));
  app.post("/v1/completions", (c) => completions(c, service));
  app.post("/v1/embeddings", (c) => embeddings(c, service));
  app.get("/healthz", async (c) => {
    if (await hasFailed(service.engine)) return c.json({ status: "failed" }, 503);
    return c.json({ status: "ok" });
  });
  app.get("/metrics", async (c) => {
    const { registry } = service.metrics;
    return c.body(await registry.metrics(), 200, { "content-type": registry.contentType });
  });
  for (const [path, method] of Object.entries(methods)) {
    app.all(path, (c) => respondWith(wrongMethod(c.req.method, c.req.path, method)));
  }
  if (page) app.route("/", page);
  return app;
}

/** An error as an HTTP response. */
export function respondWith({ status, body, details }: ApiError): Response {
  return Response.json(body, { status, headers: { ...details.headers } });
}

/** A request that is aborted already costs nothing, and an engine that has failed says so all the same. */
async function hasFailed(engine: Engine): Promise<boolean> {
  try {
    await engine.embed(Int32Array.of(0), AbortSignal.abort());
    return false;
  } catch (error) {
    return error instanceof ServingError;
  }
}

function countRequests({ metrics }: Service): MiddlewareHandler {
  return async (c, next) => {
    await next();
    metrics.request(routeOf(c.req.path), c.res.status);
  };
}

/** A bounded set of names, whatever clients ask for. */
function routeOf(path: string): string {
  if (Object.hasOwn(methods, path)) return path;
  return path.startsWith("/v1/models/") ? "/v1/models/:id" : "other";
}

function refuseWhen(isClosing: () => boolean): MiddlewareHandler {
  return async (_, next) => {
    if (isClosing()) throw shuttingDown();
    await next();
  };
}

function unknownUrl(method: string, path: string): ApiError {
  const values = `${method} ${path.slice(0, 80)}`;
  return new ApiError(404, "there is nothing at this address", values, "the API begins at /v1", {
    code: "unknown_url",
  });
}

function wrongMethod(method: string, path: string, allowed: string): ApiError {
  const allow = allowed === "GET" ? "GET, HEAD" : allowed;
  const values = `${method} ${path.slice(0, 80)}`;
  return new ApiError(405, "the address does not take this method", values, `use ${allow}.`, {
    code: "method_not_allowed",
    headers: { allow },
  });
}
