import type { z } from "zod";
import { readJson } from "./json-body.js";
import { requireModel } from "./models.js";
import type { Route, Served } from "./served.js";

/**
 * A route that takes JSON and gives JSON, one answer at a time for each place that the server has. The body's `model`,
 * where it is given, has to be one of the server's.
 */
export function jsonRoute<S extends z.ZodType<{ readonly model?: string | null }>>(
  path: string,
  body: S,
  models: Served["models"],
  answer: (fields: z.output<S>, signal: AbortSignal) => Promise<object>,
): Route {
  return {
    method: "POST",
    path,
    async handle(c, { limits, admission }) {
      const fields = await readJson(c, body, limits.bodyBytes);
      if (fields.model) requireModel(models, fields.model);
      const result = await admission.answer(c.req.raw.signal, (signal) => answer(fields, signal));
      return c.json(result);
    },
  };
}
