/** Models of images over HTTP: drawing as OpenAI's API has it, and classes of pictures. */
import { z } from "zod";
import { RequestError } from "../../../serving/engine/engine.js";
import { badField } from "../../../serving/http/api-error.js";
import { jsonRoute } from "../../../serving/http/json-route.js";
import type { Served } from "../../../serving/http/served.js";
import type { Named, Output, ServeRequest } from "../../modality.js";
import { serveUses } from "../../thread/serve-uses.js";
import type { Saved } from "./saved.js";

/** OpenAI's limit of `n`. */
const mostDrawn = 10;

const optional = <S extends z.ZodType>(schema: S) => schema.nullish();

/** What of OpenAI's request has a meaning here; other fields are refused where they would change the answer. */
const drawRequest = z.strictObject({
  model: optional(z.string()),
  /** The name of a class; empty: any. */
  prompt: z.string(),
  n: optional(z.int().min(1).max(mostDrawn)),
  size: optional(z.string()),
  response_format: optional(z.literal("b64_json", { error: "The pictures are sent as b64_json" })),
  output_format: optional(z.literal("png", { error: "The pictures are sent as png" })),
  user: optional(z.string()),
  seed: optional(z.int()),
  steps: optional(z.int().positive()),
  guidance: optional(z.number().nonnegative()),
});

const classifyRequest = z.strictObject({
  model: optional(z.string()),
  /** A picture file in base64, or as a data URL. */
  image: z.string().min(1),
  top: optional(z.int().positive()),
});

/** `POST /v1/images/generations`. */
export function serveDrawing(named: Named<Saved<"denoiser">>, request: ServeRequest): Promise<Served> {
  return serveUses(named, request, ({ model, classes }, uses) => {
    const own = `${model.width}x${model.height}`;
    const answer = async (fields: z.output<typeof drawRequest>, signal: AbortSignal) => {
      if (fields.size && fields.size !== "auto" && fields.size !== own) {
        throw badField(
          new RequestError("the model draws in one size", fields.size, `ask for ${own}`),
          "size",
        );
      }
      const options = {
        class: fields.prompt === "" ? undefined : [fields.prompt],
        count: fields.n ?? 1,
        seed: fields.seed ?? Math.floor(Math.random() * 2 ** 31),
        steps: fields.steps ?? undefined,
        guidance: fields.guidance ?? undefined,
      };
      const wanted = { ending: ".png", each: true };
      const outputs = await uses.run("generate", { options, wanted }, signal);
      return { created: Math.floor(Date.now() / 1000), data: outputs.flatMap(encoded) };
    };
    const route = jsonRoute("/v1/images/generations", drawRequest, [request.name], answer);
    const body = { model: request.name, prompt: classes[0] ?? "" };
    return {
      routes: [route],
      details: `draws ${own}`,
      facts: { classes },
      example: { path: route.path, body },
    };
  });
}

const encoded = (output: Output) =>
  output.kind === "file" ? [{ b64_json: Buffer.from(output.bytes).toString("base64") }] : [];

/** `POST /v1/images/classify`. */
export function serveClassifying(named: Named<Saved<"classifier">>, request: ServeRequest): Promise<Served> {
  return serveUses(named, request, ({ classes }, uses) => {
    const answer = async (fields: z.output<typeof classifyRequest>, signal: AbortSignal) => {
      const bytes = new Uint8Array(Buffer.from(fields.image.replace(/^data:[^,]*,/, ""), "base64"));
      const asked = { options: { top: fields.top ?? classes.length }, inputs: [{ name: "image", bytes }] };
      const [output] = await uses.run("classify", asked, signal);
      const [{ classes: guesses }] = (output as unknown as Figures).figures.results;
      return { model: request.name, classes: guesses };
    };
    const route = jsonRoute("/v1/images/classify", classifyRequest, [request.name], answer);
    const body = { model: request.name, image: "<base64 of a picture file>" };
    const details = `tells ${classes.length} classes apart`;
    return { routes: [route], details, facts: { classes }, example: { path: route.path, body } };
  });
}

interface Figures {
  readonly figures: { readonly results: readonly { readonly classes: readonly object[] }[] };
}
