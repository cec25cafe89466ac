/** Detectors over HTTP, as Hugging Face Inference and Roboflow answer. */
import { counted } from "../../../core/quantities.js";
import type { DetectionRequest, FoundInPicture } from "../../../serving/detections/detector.js";
import { mostPictureBytes } from "../../../serving/detections/fields.js";
import { detectionRoutes, detectionsPath } from "../../../serving/detections/routes.js";
import type { Served } from "../../../serving/http/served.js";
import { pageNamed } from "../../../serving/page/page.js";
import type { Saved } from "../../images/kinds/saved.js";
import type { Named, Output, ServeRequest, UseRequest } from "../../modality.js";
import { serveUses } from "../../thread/serve-uses.js";
import { defaultsOf } from "./pictures.js";

/** `POST /v1/detections`, and the page to drop pictures on. */
export function serveDetecting(named: Named<Saved<"detector">>, request: ServeRequest): Promise<Served> {
  const { name } = request;
  return serveUses(named, request, (saved, uses) => {
    const { classes } = saved;
    const { threshold } = defaultsOf(saved);
    const run = (asked: DetectionRequest, signal: AbortSignal, wanted?: UseRequest["wanted"]) => {
      const { picture: bytes, ...options } = asked;
      // A name of the server's own: whatever ends like a video would be read from the disk.
      const inputs = [{ name: "the picture", bytes }];
      return uses.run("detect", { options, inputs, wanted }, signal);
    };
    const detector = {
      ...{ name, classes, threshold },
      async find(asked: DetectionRequest, signal: AbortSignal) {
        const [output] = await run(asked, signal);
        return (output as unknown as Figures).figures.results[0];
      },
      async draw(asked: DetectionRequest, signal: AbortSignal) {
        const [output] = await run(asked, signal, { ending: ".png", each: false });
        return (output as Extract<Output, { kind: "file" }>).bytes;
      },
    };
    return {
      routes: detectionRoutes(detector),
      page: pageNamed("detection"),
      details: `finds ${counted(classes.length, "sort")} of things`,
      facts: { classes, threshold },
      example: { path: detectionsPath, form: { file: "@photo.jpg" } },
      bodyBytes: mostPictureBytes,
    };
  });
}

interface Figures {
  readonly figures: { readonly results: readonly FoundInPicture[] };
}
