/** A picture to look at, in the three forms in which clients send one. */
import type { Context } from "hono";
import { z } from "zod";
import { shown } from "../../data/chat/messages.js";
import { ApiError } from "../http/api-error.js";
import { bad, checkFields, readBytes } from "../http/body.js";
import { readForm } from "../http/form-body.js";
import { readJson } from "../http/json-body.js";
import type { DetectionRequest } from "./detector.js";

/** Room for the photograph of a large camera, and for its base64. */
export const mostPictureBytes = 32 * 2 ** 20;

/** What a request asks for. */
export interface DetectionFields extends DetectionRequest {
  readonly model?: string;
  readonly format: "huggingface" | "roboflow";
  /** The field that holds the picture, where one does. */
  readonly param?: string;
}

/** Of them, what the body may hold. */
type Body = Pick<DetectionFields, "picture" | "param" | "model" | "threshold">;

const isShare = { error: "Give a number from 0 to 1" };
const share = z.number(isShare).min(0, isShare).max(1, isShare);
const shareText = z
  .string(isShare)
  .transform((text) => (text.trim() === "" ? Number.NaN : Number(text)))
  .pipe(share);

const query = z.strictObject({
  format: z.enum(["huggingface", "roboflow"]).default("huggingface"),
  model: z.string().optional(),
  threshold: shareText.optional(),
});

const file = z.instanceof(File, { error: "Send a picture as a file of the form" }).optional();
const form = z
  .strictObject({ file, image: file, model: z.string().optional(), threshold: shareText.optional() })
  .refine((fields) => !fields.file !== !fields.image, {
    path: ["file"],
    error: "Send one picture as a file of the form",
  });

const base64 = z
  .string({ error: "Send a picture file in base64, or as a data URL" })
  .regex(/^(?!https?:)/i, "Send the picture itself in base64: the server fetches nothing")
  .nullish();
const json = z
  .strictObject({
    image: base64,
    /** As Hugging Face Inference has it. */
    inputs: base64,
    parameters: z.strictObject({ threshold: share.nullish() }).nullish(),
    model: z.string().nullish(),
    threshold: share.nullish(),
  })
  .refine(({ image, inputs }) => !image !== !inputs, {
    path: ["image"],
    error: "Send one picture file in base64, or as a data URL",
  });

/**
 * Reads a request: a form with `file` or `image`, JSON with `image` in base64, or the bytes of a picture alone. What else
 * is asked may stand in the body or in the query. Throws `ApiError`: 415 for another content type, 413 for more than
 * `maxBytes`, 400 for a field that is wrong or unknown.
 */
export async function readDetection(c: Context, maxBytes: number): Promise<DetectionFields> {
  const asked = checkFields(query, c.req.query());
  const { threshold = asked.threshold, model = asked.model, ...picture } = await readBody(c, maxBytes);
  return { format: asked.format, threshold, model, ...picture };
}

function readBody(c: Context, maxBytes: number): Promise<Body> {
  const type = c.req.header("content-type") ?? "";
  const kind = type.split(";")[0].trim().toLowerCase();
  if (kind === "application/json") return fromJson(c, maxBytes);
  if (kind === "multipart/form-data") return fromForm(c, maxBytes);
  // Clients that were given bytes do not always know what they are.
  if (/^(image\/.*|application\/octet-stream|)$/.test(kind)) return fromBytes(c, maxBytes);
  throw new ApiError(
    415,
    "the body is no picture",
    `content-type ${shown(type)}`,
    "send the bytes of a picture with a type such as image/jpeg, a form as curl does with -F, or JSON",
  );
}

async function fromJson(c: Context, maxBytes: number): Promise<Body> {
  const { image, inputs, parameters, model, threshold } = await readJson(c, json, maxBytes);
  const param = image ? "image" : "inputs";
  const text = (image || inputs)!.replace(/^data:[^,]*,/, "");
  return {
    picture: new Uint8Array(Buffer.from(text, "base64")),
    threshold: threshold ?? parameters?.threshold ?? undefined,
    model: model ?? undefined,
    param,
  };
}

async function fromForm(c: Context, maxBytes: number): Promise<Body> {
  const { file, image, ...others } = await readForm(c, form, maxBytes);
  const picture = new Uint8Array(await (file ?? image)!.arrayBuffer());
  return { picture, param: file ? "file" : "image", ...others };
}

async function fromBytes(c: Context, maxBytes: number): Promise<Body> {
  const picture = await readBytes(c, maxBytes);
  if (picture.length > 0) return { picture };
  throw bad("there is no picture", "an empty body", "send the bytes of a picture, a form or JSON");
}
