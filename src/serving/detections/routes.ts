/** POST /v1/detections: what is in a picture, and where. */
import type { Context } from "hono";
import { accepts } from "hono/accepts";
import { RequestError } from "../engine/engine.js";
import { badField } from "../http/api-error.js";
import { requireModel } from "../http/models.js";
import type { Host, Route } from "../http/served.js";
import type { DetectionRequest, FoundInPicture, ServedDetector } from "./detector.js";
import { readDetection } from "./fields.js";

/** Where pictures are sent. */
export const detectionsPath = "/v1/detections";

const json = "application/json";
const png = "image/png";

/**
 * The routes of a detector: what it is, and what it finds in a picture, as Hugging Face Inference answers, with
 * `?format=roboflow` as Roboflow does, for who accepts a PNG rather than JSON drawn.
 */
export function detectionRoutes(detector: ServedDetector): Route[] {
  const { name: model, classes, threshold } = detector;
  return [
    {
      method: "GET",
      path: `${detectionsPath}/settings`,
      handle: async (c) => c.json({ model, classes, threshold }),
    },
    { method: "POST", path: detectionsPath, handle: (c, host) => detect(detector, c, host) },
  ];
}

async function detect(detector: ServedDetector, c: Context, host: Host): Promise<Response> {
  const { model, format, param, ...asked } = await readDetection(c, host.limits.bodyBytes);
  if (model) requireModel([detector.name], model);
  const answer = <T>(look: (asked: DetectionRequest, signal: AbortSignal) => Promise<T>) =>
    host.admission
      .answer(c.req.raw.signal, (signal) => look(asked, signal))
      .catch((error) => {
        throw error instanceof RequestError ? badField(error, param) : error;
      });
  if (accepts(c, { header: "Accept", supports: [json, png], default: json }) === png) {
    const drawn = await answer((...request) => detector.draw(...request));
    return c.body(new Uint8Array(drawn), 200, { "content-type": png });
  }
  const found = await answer((...request) => detector.find(...request));
  return c.json(format === "roboflow" ? asRoboflow(found, detector.classes) : asHuggingFace(found));
}

/** Whole pixels, as Transformers' pipeline cuts them off. */
function asHuggingFace({ boxes }: FoundInPicture): object[] {
  return boxes.map(({ label, score, left, top, right, bottom }) => {
    const [xmin, ymin, xmax, ymax] = [left, top, right, bottom].map(Math.trunc);
    return { label, score, box: { xmin, ymin, xmax, ymax } };
  });
}

/** x and y are those of the centre. */
function asRoboflow({ width, height, boxes }: FoundInPicture, classes: readonly string[]): object {
  const predictions = boxes.map(({ label, score, left, top, right, bottom }) => ({
    x: (left + right) / 2,
    y: (top + bottom) / 2,
    width: right - left,
    height: bottom - top,
    confidence: score,
    class: label,
    class_id: classes.indexOf(label),
  }));
  return { predictions, image: { width, height } };
}
