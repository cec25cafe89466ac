import { requireModel } from "../http/models.js";
import type { Service } from "./service.js";

/** Names of the base model, and of each adapter, which is a model of its own to clients. */
export function modelNames({ model, adapters }: Pick<Service, "model" | "adapters">): string[] {
  return [model.name, ...adapters];
}

/** Which adapter a model's name stands for: none for the base model. Throws `ApiError` 404 for an unknown name. */
export function findModel(service: Service, name: string): { adapter?: string } {
  requireModel(modelNames(service), name);
  return name === service.model.name ? {} : { adapter: name };
}
