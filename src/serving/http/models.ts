/** GET /v1/models: what a server serves, each under a name of its own. */
import type { Hono } from "hono";
import { shown } from "../../data/chat/messages.js";
import { ApiError } from "./api-error.js";
import type { Served } from "./served.js";

/** `created` in seconds since 1970. */
export function modelRoutes(app: Hono, models: Served["models"], created: number): void {
  const describe = (id: string) => ({ id, object: "model", created, owned_by: "autodidact" });
  app.get("/v1/models", (c) => c.json({ object: "list", data: models.map(describe) }));
  app.get("/v1/models/:id{.+}", (c) => {
    const id = c.req.param("id");
    requireModel(models, id);
    return c.json(describe(id));
  });
}

/** Throws `ApiError` 404 for a name that is none of the models'. */
export function requireModel(models: Served["models"], name: string): void {
  if (models.includes(name)) return;
  throw new ApiError(
    404,
    "the model does not exist",
    `${shown(name)}; there are ${models.map(shown).join(", ")}`,
    "name one of these as `model`",
    { param: "model", code: "model_not_found" },
  );
}
