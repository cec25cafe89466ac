/** GET /v1/models: the base model, and each adapter as a model of its own. */
import type { Hono } from "hono";
import { shown } from "../../data/chat/messages.js";
import { ApiError } from "../http/api-error.js";
import type { Service } from "./service.js";

export function modelRoutes(app: Hono, service: Service): void {
  const describe = (id: string) => ({
    id,
    object: "model",
    created: service.model.created,
    owned_by: "autodidact",
  });
  app.get("/v1/models", (c) => c.json({ object: "list", data: names(service).map(describe) }));
  app.get("/v1/models/:id{.+}", (c) => {
    const id = c.req.param("id");
    findModel(service, id);
    return c.json(describe(id));
  });
}

/** Which adapter a model's name stands for: none for the base model. Throws `ApiError` 404 for an unknown name. */
export function findModel(service: Service, name: string): { adapter?: string } {
  if (name === service.model.name) return {};
  if (service.adapters.includes(name)) return { adapter: name };
  throw new ApiError(
    404,
    "the model does not exist",
    `${shown(name)}; there are ${names(service).map(shown).join(", ")}`,
    "name one of these as `model`",
    { param: "model", code: "model_not_found" },
  );
}

function names({ model, adapters }: Service): string[] {
  return [model.name, ...adapters];
}
