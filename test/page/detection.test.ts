/** The page of a detector in Chromium. */
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import {
  classes,
  generation,
  hostDetector,
  noise,
  type SmallDetector,
  saveSmallDetector,
  serveSmallDetector,
} from "../serving/small-detector.js";
import { temporaryFolder } from "../temporary-folder.js";
import { button, describePage, eventually, failure, open, shows } from "./browser.js";

interface Prediction {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly class: string;
  readonly confidence: number;
}

const place = temporaryFolder();
const [width, height] = [192, 128];
let server: SmallDetector;
let file: { name: string; mimeType: string; buffer: Buffer };
let tall: typeof file;
let expected: Prediction[];

describePage("the page of a detector", () => {
  beforeAll(async () => {
    await saveSmallDetector(place);
    server = await serveSmallDetector(place);
    const buffer = await (await noise(width, height)).png().toBuffer();
    file = { name: "a, b.png", mimeType: "image/png", buffer };
    tall = {
      name: "tall.jpg",
      mimeType: "image/jpeg",
      buffer: await (await noise(50, 90, 2)).jpeg().toBuffer(),
    };
    const asked = `${server.url}/v1/detections?format=roboflow&threshold=0.05`;
    const response = await fetch(asked, { method: "POST", body: new Uint8Array(buffer) });
    expected = (await response.json()).predictions;
  });
  afterAll(() => server.close());

  const openPage = (options?: Parameters<typeof open>[1]) => open(server.url, options);
  const choose = (page: Page, ...files: (typeof file)[]) => page.locator("#file").setInputFiles(files);
  const marks = (page: Page) => page.locator(".thing:visible");
  const captions = (page: Page) => page.locator("figcaption").allTextContents();
  const surerThan = (threshold: number) => expected.filter(({ confidence }) => confidence >= threshold);
  /** The caption of a picture that was looked at. */
  const looked = (name: string) => expect.stringMatching(`^${name}: .`);
  const setThreshold = (page: Page, value: number) =>
    page.locator("#threshold").evaluate((slider: HTMLInputElement, text) => {
      slider.value = text;
      slider.dispatchEvent(new Event("input"));
    }, String(value));
  const counted = (boxes: readonly Prediction[]) =>
    classes
      .map((name) => [name, boxes.filter((box) => box.class === name).length] as const)
      .flatMap(([name, count]) => (count > 0 ? [`${name} ${count}`] : []));

  it("shows the boxes that are as sure as the model has it, in their places, with their names as text", async () => {
    const page = await openPage();
    await shows(page.locator("#model"), "small");
    await shows(page.locator("#sure"), "35%");
    await choose(page, file);
    const sure = surerThan(generation.threshold);
    await eventually(() => marks(page).count()).toBe(sure.length);
    expect(await marks(page).allTextContents()).toEqual(
      sure.map(({ class: name, confidence }) => `${name} ${Math.round(100 * confidence)}%`),
    );
    const frame = (await page.locator(".frame").boundingBox())!;
    expect(frame.width / frame.height).toBeCloseTo(width / height, 1);
    const places = await marks(page).all();
    for (const [i, { x, y, width: w, height: h }] of sure.entries()) {
      const at = (await places[i].boundingBox())!;
      const scale = frame.width / width;
      const edges = [x - w / 2, y - h / 2, w, h].map((edge) => edge * scale);
      const found = [at.x - frame.x, at.y - frame.y, at.width, at.height];
      for (const [k, edge] of edges.entries()) expect(Math.abs(found[k] - edge)).toBeLessThan(1); // a pixel
    }
    expect(await captions(page)).toEqual([`a, b.png: ${counted(sure).join(", ")}`]);
    expect(await page.locator("#counts li").allTextContents()).toEqual(counted(sure));
    const isPainted = "document.querySelector('canvas').getContext('2d').getImageData(9, 9, 1, 1).data[3]";
    expect(await page.evaluate(isPainted)).toBe(255);
  });

  it("filters by the slider without asking again, and saves what is left", async () => {
    const page = await openPage();
    await choose(page, file, tall);
    await eventually(() => captions(page)).toEqual(["a, b.png", "tall.jpg"].map(looked));
    let asked = 0;
    page.on("request", () => asked++);
    for (const threshold of [0.2, 0.45]) {
      await setThreshold(page, threshold);
      const first = page.locator("figure").first().locator(".thing:visible");
      expect(await first.count()).toBe(surerThan(threshold).length);
    }
    await setThreshold(page, 1);
    expect(await marks(page).count()).toBe(0);
    expect(await captions(page)).toEqual(["a, b.png: nothing found", "tall.jpg: nothing found"]);
    expect(await saved(page, "CSV")).toEqual([
      "boxes.csv",
      "filename,width,height,class,xmin,ymin,xmax,ymax,score\r\n" +
        '"a, b.png",192,128,,,,,,\r\ntall.jpg,50,90,,,,,,\r\n',
    ]);
    await setThreshold(page, 0.45);
    const [name, text] = await saved(page, "JSON");
    expect(name).toBe("boxes.json");
    const [result, other] = JSON.parse(text);
    expect(other).toMatchObject({ file: "tall.jpg", width: 50, height: 90 });
    expect(result).toMatchObject({ file: "a, b.png", width, height });
    const [{ x, width: w, class: label, confidence }] = expected;
    expect(result.boxes).toHaveLength(surerThan(0.45).length);
    expect(result.boxes[0].label).toBe(label);
    expect(result.boxes[0].left).toBeCloseTo(x - w / 2, 2);
    expect(result.boxes[0].score).toBeCloseTo(confidence, 4);
    const rows = (await saved(page, "CSV"))[1].split("\r\n");
    const { left, top, right, bottom, score } = result.boxes[0];
    expect(rows[1]).toBe(`"a, b.png",192,128,${[label, left, top, right, bottom, score].join(",")}`);
    expect(asked).toBe(0);
  });

  async function saved(page: Page, format: string): Promise<[string, string]> {
    const [download] = await Promise.all([page.waitForEvent("download"), button(page, format).click()]);
    return [download.suggestedFilename(), readFileSync(await download.path(), "utf8")];
  }

  it("takes pictures that are dropped, and says of each what is wrong with it", async () => {
    const page = await openPage();
    await page.evaluate((base64) => {
      const data = new DataTransfer();
      const content = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      data.items.add(new File(["no picture"], "notes.txt"));
      data.items.add(new File([content], "dropped.png"));
      dispatchEvent(new DragEvent("drop", { dataTransfer: data, cancelable: true }));
    }, file.buffer.toString("base64"));
    await eventually(() => captions(page)).toEqual([
      expect.stringMatching(/^notes\.txt: .*the picture begins with "no picture"/),
      expect.stringMatching(/^dropped\.png: .*disc \d/),
    ]);
    expect(await failure(page).count()).toBe(0);
  });

  it("says when the server cannot be reached, and goes on where it was when it can", async () => {
    const page = await openPage();
    await shows(page.locator("#model"), "small");
    await page.route("**/v1/detections?*", (route) => route.abort());
    await choose(page, file, tall);
    await shows(failure(page).locator("p"), /^The server cannot be reached\./);
    await page.unroute("**/v1/detections?*");
    await button(page, "Try again").click();
    await eventually(() => captions(page)).toEqual(["a, b.png", "tall.jpg"].map(looked));
  });

  it("stops looking, and takes away what it has not looked at", async () => {
    const page = await openPage();
    await choose(page, file);
    await eventually(() => captions(page)).toEqual([expect.stringMatching(/: disc|: <b>/)]);
    await page.route("**/v1/detections?*", () => {}); // never answers
    await choose(page, tall, tall);
    await shows(page.locator("#status"), "Looking at tall.jpg");
    await button(page, "Stop").click();
    await eventually(() => captions(page)).toHaveLength(1);
    expect(await failure(page).count()).toBe(0);
  });

  it("asks for the key", async () => {
    const closed = await hostDetector(server.served, "secret");
    onTestFinished(() => closed.close(0));
    const page = await open(closed.url);
    await page.getByLabel("API key").fill("secret");
    await button(page, "Use it").click();
    await shows(page.locator("#model"), "small");
    await choose(page, file);
    await eventually(() => marks(page).count()).toBe(surerThan(generation.threshold).length);
  });

  it("speaks Chinese, and fits on a phone", async () => {
    const page = await openPage({ locale: "zh-CN", viewport: { width: 320, height: 640 } });
    await shows(page.locator("#choose"), "选择图片");
    await choose(page, file);
    await eventually(() => marks(page).count()).toBe(surerThan(generation.threshold).length);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(320);
    await setThreshold(page, 1);
    expect(await captions(page)).toEqual(["a, b.png: 什么也没有找到"]);
    await button(page, "EN").click();
    expect(await captions(page)).toEqual(["a, b.png: nothing found"]);
  });
});
