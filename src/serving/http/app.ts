/** What every request passes, and the addresses that every server has. */
import { Hono, type MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { getPath } from "hono/utils/url";
import { ApiError, answerFor, shuttingDown } from "./api-error.js";
import { requireKey } from "./api-key.js";
import { Metrics } from "./metrics.js";
import { modelRoutes } from "./models.js";
import { refuseOtherSites } from "./same-site.js";
import type { Host, Route, Served } from "./served.js";

export interface AppOptions {
  /** The address that the server is bound to. */
  readonly address: string;
  /** Whether the server is ending. */
  readonly isClosing: () => boolean;
  /** See `HostOptions`. */
  readonly allowOrigins?: readonly string[];
  /** Seconds since 1970. */
  readonly created: number;
}

type Methods = Readonly<Record<string, Route["method"]>>;

/** Paths that every server has. */
const shared: Methods = {
  "/v1/models": "GET",
  "/v1/models/:id{.+}": "GET",
  "/healthz": "GET",
  "/health": "GET",
  "/metrics": "GET",
};

export function createApp(served: Served, host: Host, options: AppOptions): Hono {
  const { address, isClosing, created, allowOrigins = [] } = options;
  const { keys, onFault } = host;
  const metrics = new Metrics();
  served.watch?.(metrics.registry, host.admission);
  const routes = new Map(served.routes.map((route) => [route.path, route]));
  const own = Object.fromEntries(served.routes.map(({ path, method }) => [path, method]));
  const methods: Methods = { ...shared, ...own };
  const refuse = (error: ApiError, path: string) => respondWith(error, routes.get(path)?.errorBody?.(error));
  // Clients join a base address and a path with one slash too many, or none too few.
  const app = new Hono({
    getPath: (request) =>
      getPath(request)
        .replace(/\/+/g, "/")
        .replace(/(.)\/$/, "$1"),
  });
  app.onError((error, c) => refuse(answerFor(error, onFault), c.req.path));
  app.notFound((c) => respondWith(unknownUrl(c.req.method, c.req.path, served)));
  app.use(countRequests(metrics, methods));
  app.use(refuseWhen(isClosing));
  if (allowOrigins.length > 0) {
    app.use(
      cors({ origin: allowOrigins.includes("*") ? "*" : [...allowOrigins], exposeHeaders: ["retry-after"] }),
    );
  }
  if (keys === undefined) app.use(refuseOtherSites(address, allowOrigins));
  else for (const path of ["/v1/*", "/metrics"]) app.use(path, requireKey(keys));
  modelRoutes(app, served.models, created);
  for (const { method, path, handle } of served.routes) app.on(method, path, (c) => handle(c, host));
  for (const path of ["/healthz", "/health"]) {
    app.get(path, async (c) => {
      if (await served.hasFailed()) return c.json({ status: "failed" }, 503);
      return c.json({ status: "ok" });
    });
  }
  app.get("/metrics", async (c) => {
    const { registry } = metrics;
    return c.body(await registry.metrics(), 200, { "content-type": registry.contentType });
  });
  for (const [path, method] of Object.entries(methods)) {
    app.all(path, (c) => refuse(wrongMethod(c.req.method, c.req.path, method), path));
  }
  if (served.page) app.route("/", served.page);
  return app;
}

/** An error as an HTTP response, with its own JSON unless another is given. */
export function respondWith(error: ApiError, body: object = error.body): Response {
  const { status, details } = error;
  return Response.json(body, { status, headers: { ...details.headers } });
}

/** Routes by a bounded set of names, whatever clients ask for. */
function countRequests(metrics: Metrics, methods: Methods): MiddlewareHandler {
  const routeOf = (path: string) => {
    if (Object.hasOwn(methods, path)) return path;
    return path.startsWith("/v1/models/") ? "/v1/models/:id" : "other";
  };
  return async (c, next) => {
    await next();
    metrics.request(routeOf(c.req.path), c.res.status);
  };
}

function refuseWhen(isClosing: () => boolean): MiddlewareHandler {
  return async (_, next) => {
    if (isClosing()) throw shuttingDown();
    await next();
  };
}

function unknownUrl(method: string, path: string, { routes }: Served): ApiError {
  const values = `${method} ${path.slice(0, 80)}`;
  const advice = `this model answers ${routes.map((route) => `${route.method} ${route.path}`).join(", ")}`;
  return new ApiError(404, "there is nothing at this address", values, advice, { code: "unknown_url" });
}

function wrongMethod(method: string, path: string, allowed: string): ApiError {
  const allow = allowed === "GET" ? "GET, HEAD" : allowed;
  const values = `${method} ${path.slice(0, 80)}`;
  return new ApiError(405, "the address does not take this method", values, `use ${allow}`, {
    code: "method_not_allowed",
    headers: { allow },
  });
}
