/** What a detector answers, to clients of Hugging Face Inference and others. */
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { FoundInPicture } from "../../src/serving/detections/detector.js";
import { temporaryFolder } from "../temporary-folder.js";
import {
  around,
  classes,
  generation,
  hostDetector,
  noise,
  type SmallDetector,
  saveSmallDetector,
  serveSmallDetector,
} from "./small-detector.js";
import { errorOf, post, untilMetric } from "./start.js";

const place = temporaryFolder();
const [width, height] = [192, 128];
let server: SmallDetector;
let bytes: Uint8Array<ArrayBuffer>;
let url: string;
let found: FoundInPicture;

beforeAll(async () => {
  await saveSmallDetector(place);
  server = await serveSmallDetector(place);
  url = `${server.url}/v1/detections`;
  bytes = new Uint8Array(await (await noise(width, height)).png().toBuffer());
  found = (await detected({})).figures.results[0];
  expect(found.boxes.length).toBeGreaterThan(2);
});
afterAll(() => server.close());

/** What the use finds on the command line. */
async function detected(options: object, wanted?: { ending: string; each: boolean }) {
  const use = server.named.kind.uses.find(({ verb }) => verb === "detect")!;
  const outputs = [];
  const request = { options: { ...options }, inputs: [{ name: "noise.png", bytes }], wanted };
  for await (const output of use.run(server.named, request, around)) outputs.push(output);
  return { file: outputs[0], ...(outputs.at(-1) as unknown as { figures: { results: FoundInPicture[] } }) };
}

const asHuggingFace = ({ boxes }: FoundInPicture) =>
  boxes.map(({ label, score, left, top, right, bottom }) => {
    const [xmin, ymin, xmax, ymax] = [left, top, right, bottom].map(Math.floor);
    return { label, score, box: { xmin, ymin, xmax, ymax } };
  });
const base64 = () => Buffer.from(bytes).toString("base64");
const formOf = (fields: Record<string, string | Blob>) => {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return form;
};
const send = (body: BodyInit, headers: HeadersInit = {}, query = "") =>
  fetch(url + query, { method: "POST", body, headers });
const picture = () => new File([bytes], "noise.png", { type: "image/png" });

describe("a picture is answered as on the command line", () => {
  it.each([
    ["as bytes with a type", () => send(bytes, { "content-type": "image/png" })],
    ["as bytes of no known type", () => send(bytes, { "content-type": "application/octet-stream" })],
    ["as bytes without a type, as Hugging Face's clients send buffers", () => send(bytes)],
    ["as a Blob, which has its type", () => send(picture())],
    ["as a form's file", () => send(formOf({ file: picture(), model: "small" }))],
    ["under a name that stands for a video", () => send(formOf({ file: new File([bytes], "../a.mp4") }))],
    ["as a form's image", () => send(formOf({ image: picture() }))],
    ["in base64", () => post(url, { image: base64(), model: "small" })],
    ["as a data URL", () => post(url, { image: `data:image/png;base64,${base64()}`, threshold: null })],
    ["as Hugging Face has it with parameters", () => post(url, { inputs: base64(), parameters: {} })],
  ])("sent %s", async (_, ask) => {
    const response = await ask();
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(asHuggingFace(found));
  });

  it.each([
    ["a form", () => send(formOf({ file: picture(), threshold: "0.2" }))],
    ["JSON", () => post(url, { image: base64(), threshold: 0.2 })],
    ["Hugging Face's parameters", () => post(url, { inputs: base64(), parameters: { threshold: 0.2 } })],
    ["the query", () => send(bytes, {}, "?threshold=0.2&model=small")],
  ])("from the threshold on that %s asks for", async (_, ask) => {
    const { figures } = await detected({ threshold: 0.2 });
    expect(figures.results[0].boxes.length).toBeGreaterThan(found.boxes.length);
    expect(await (await ask()).json()).toEqual(asHuggingFace(figures.results[0]));
  });

  it("as Roboflow does, by the centres of boxes", async () => {
    const { predictions, image } = await (await send(bytes, {}, "?format=roboflow")).json();
    expect(image).toEqual({ width, height });
    expect(predictions).toHaveLength(found.boxes.length);
    for (const [i, { label, score, left, top, right, bottom }] of found.boxes.entries()) {
      const { x, y, width: w, height: h, ...rest } = predictions[i];
      expect(rest).toEqual({ class: label, class_id: classes.indexOf(label), confidence: score });
      const edges = [x - w / 2, y - h / 2, x + w / 2, y + h / 2];
      for (const [k, edge] of [left, top, right, bottom].entries()) expect(edges[k]).toBeCloseTo(edge, 9);
    }
  });

  it("with its boxes drawn, for who accepts a PNG rather than JSON", async () => {
    const drawn = await send(bytes, { accept: "image/png" }, "?threshold=0.2");
    expect(drawn.headers.get("content-type")).toBe("image/png");
    const { file } = await detected({ threshold: 0.2 }, { ending: ".png", each: false });
    const made = new Uint8Array(await drawn.arrayBuffer());
    expect(Buffer.from(made).equals((file as { bytes: Uint8Array }).bytes)).toBe(true);
    expect(await sharp(made).metadata()).toMatchObject({ format: "png", width, height });
    for (const accept of ["*/*", "application/json, image/png;q=0.5", "text/html, */*"]) {
      expect(await (await send(bytes, { accept })).json()).toEqual(asHuggingFace(found));
    }
  });

  it("upright, as its EXIF tag says", async () => {
    const { data, info } = await sharp(bytes).rotate(90).raw().toBuffer({ resolveWithObject: true });
    const { width: across, height: down } = info;
    const raw = { width: across, height: down, channels: 3 as const };
    const turned = await sharp(data, { raw }).png().withMetadata({ orientation: 8 }).toBuffer();
    const upright = await (await send(new Uint8Array(turned))).json();
    const expected = asHuggingFace(found);
    expect(upright.length).toBe(expected.length);
    for (const [i, { label, score, box }] of expected.entries()) {
      expect(upright[i].label).toBe(label);
      // It is made smaller before it is turned, which rounds otherwise.
      expect(Math.abs(upright[i].score - score)).toBeLessThan(0.05);
      for (const side of ["xmin", "ymin", "xmax", "ymax"] as const) {
        expect(Math.abs(upright[i].box[side] - box[side])).toBeLessThanOrEqual(2);
      }
    }
  });
});

it("says what the detector is", async () => {
  const settings = await (await fetch(`${url}/settings`)).json();
  expect(settings).toEqual({ model: "small", classes, threshold: generation.threshold });
  const models = await (await fetch(`${server.url}/v1/models`)).json();
  expect(models).toMatchObject({ data: [{ id: "small" }] });
  await untilMetric(server.url, 'autodidact_requests_total{route="/v1/detections/settings",status="200"} 1');
});

it("answers others when one who asked has gone", async () => {
  const controller = new AbortController();
  const gone = fetch(url, { method: "POST", body: bytes, signal: controller.signal });
  const others = [send(bytes), send(bytes)];
  controller.abort();
  await expect(gone).rejects.toThrow("aborted");
  for (const other of others) expect(await (await other).json()).toEqual(asHuggingFace(found));
});

it("asks for its key", async () => {
  const closed = await hostDetector(server.served, "secret");
  onTestFinished(() => closed.close(0));
  const ask = (headers: HeadersInit) =>
    fetch(`${closed.url}/v1/detections`, { method: "POST", body: bytes, headers });
  expect(await errorOf(await ask({}))).toMatchObject({ status: 401, code: "invalid_api_key" });
  expect((await ask({ authorization: "Bearer secret" })).status).toBe(200);
  expect((await fetch(closed.url)).status).toBe(200); // the page asks for the key itself
});

describe("is refused", () => {
  const text = new TextEncoder().encode("no picture");
  it.each([
    ["no picture", () => post(url, { threshold: 0.5 }), "image", /Send one picture file in base64/],
    ["an empty one", () => post(url, { image: "" }), "image", /Send one picture file in base64/],
    ["two pictures", () => post(url, { image: base64(), inputs: base64() }), "image", /one picture/],
    ["an address", () => post(url, { image: "https://a.b/c.png" }), "image", /the server fetches nothing/],
    ["what is no base64", () => post(url, { image: "no picture" }), "image", /no PNG, JPEG/],
    ["an unknown field", () => post(url, { image: base64(), top_k: 5 }), null, /"top_k"/],
    ["a list for a threshold", () => post(url, { image: base64(), threshold: [1] }), "threshold", /0 to 1/],
    ["a threshold above 1", () => post(url, { image: base64(), threshold: 50 }), "threshold", /50.*0 to 1/],
    [
      "Hugging Face's above 1",
      () => post(url, { inputs: base64(), parameters: { threshold: 2 } }),
      "parameters.threshold",
      /2.*0 to 1/,
    ],
    ["a form's below 0", () => send(formOf({ file: picture(), threshold: "-1" })), "threshold", /0 to 1/],
    [
      "a form's word",
      () => send(formOf({ file: picture(), threshold: "high" })),
      "threshold",
      /"high".*0 to 1/,
    ],
    ["an empty one of the query", () => send(bytes, {}, "?threshold="), "threshold", /0 to 1/],
    ["a form without a picture", () => send(formOf({ model: "small" })), "file", /Send one picture/],
    ["a form with two", () => send(formOf({ file: picture(), image: picture() })), "file", /one picture/],
    ["a form with a text", () => send(formOf({ file: "noise.png" })), "file", /as a file of the form/],
    ["an unknown field of a form", () => send(formOf({ file: picture(), size: "9" })), null, /"size"/],
    ["an unknown field of the query", () => send(bytes, {}, "?api_key=x"), null, /"api_key"/],
    ["another format", () => send(bytes, {}, "?format=coco"), "format", /"coco"/],
    ["nothing", () => send(new Uint8Array()), null, /no picture.*empty body/],
    [
      "a file that is no picture",
      () => send(formOf({ file: new File([text], "a.txt") })),
      "file",
      /begins with "no picture"/,
    ],
    ["bytes that are no picture", () => send(text), null, /the picture begins with "no picture"/],
    ["a picture cut short", () => send(bytes.slice(0, 5000)), null, /damaged or cut short/],
  ])("%s", async (_, ask, param, message) => {
    const refused = await errorOf(await ask());
    expect([refused.status, refused.type, refused.param]).toEqual([400, "invalid_request_error", param]);
    expect(refused.message).toMatch(message);
  });

  it("another model, another type, and more than there is room for", async () => {
    const other = await post(url, { image: base64(), model: "yolo" });
    expect(await errorOf(other)).toMatchObject({ status: 404, param: "model" });
    const sent = await send("a=b", { "content-type": "application/x-www-form-urlencoded" });
    expect(await errorOf(sent)).toMatchObject({ status: 415, message: expect.stringMatching(/image\/jpeg/) });
    const large = new Uint8Array(32 * 2 ** 20 + 1);
    expect(await errorOf(await send(large))).toMatchObject({ status: 413, code: "request_too_large" });
    expect(await errorOf(await fetch(url))).toMatchObject({ status: 405 });
  });
});
