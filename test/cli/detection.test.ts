/** Detection through the command line: learning from pictures alone and from boxes, finding, counting, measuring. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import type { PictureWithBoxes } from "../../src/data/detection/write-boxes.js";
import { detectionRecipe } from "../detection-recipe.js";
import { drawnClasses, writeDrawnThings } from "../drawn-things.js";
import { autodidact, temporaryFolder } from "./command-line.js";
import { refuse } from "./refuse.js";

const place = temporaryFolder();
const [things, unseen] = [join(place, "things"), join(place, "unseen")];
const [cells, located] = [join(place, "runs/cells"), join(place, "runs/located")];
const picture = (number: number) => join(unseen, `00${number}.png`);

async function train(name: string, change: Record<string, object>, out: string, ...flags: string[]) {
  const file = join(place, `${name}.mjs`);
  writeFileSync(file, `export default ${JSON.stringify(detectionRecipe(things, change))};`);
  return autodidact("train", file, "--out", out, ...flags);
}

const json = async (...args: string[]) => {
  const { code, stdout, stderr } = await autodidact(...args, "--json");
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout);
};

let told: string;
let truth: PictureWithBoxes[];
beforeAll(async () => {
  await writeDrawnThings(things, 60);
  truth = await writeDrawnThings(unseen, 8, 2);
  const training = { steps: 200, evaluateEvery: 200, checkpointEvery: 200 };
  const { code, stderr } = await train("cells", { training }, cells);
  told = stderr;
  expect(code, stderr).toBe(0);
}, 120_000);

describe("train", () => {
  it("says what it learns from and what is wrong with it, and draws what it finds", () => {
    expect(told).toMatch(/featurePyramid with .* parameters, 3 x 48 x 64, 2 classes/);
    expect(told).toMatch(/60 pictures with \d+ boxes: 45 to learn from, 15 for validation/);
    expect(told).toMatch(/npx autodidact detect .*cells photo.jpg --out drawn.png/);
    expect(existsSync(join(cells, "samples/step-000200.png"))).toBe(true);
  });

  it("learns from pictures without boxes, and goes on from that", async () => {
    const photos = join(place, "photos");
    await writeDrawnThings(photos, 12, 3);
    rmSync(join(photos, "annotations.json"));
    const alone = { data: { path: photos }, objective: { kind: "pasteAndLocate" } };
    const { code, stderr } = await train("located", alone, located);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/things pasted/)]);
    expect(stderr).toMatch(/train detect --model.from .*located/);
    const after = await train("after", {}, join(place, "runs/after"), "--model.from", located);
    expect(after.code, after.stderr).toBe(0);
  });

  it("refuses pictures without boxes, and says what else can be learned from them", async () => {
    const photos = join(place, "no boxes");
    mkdirSync(photos);
    for (const name of ["a", "b"]) writeFileSync(join(photos, `${name}.png`), readFileSync(picture(1)));
    const { code, stderr } = await train("none", { data: { path: photos } }, join(place, "runs/none"));
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/nothing that describes boxes.*detect-pretrain/s),
    ]);
    expect(existsSync(join(place, "runs/none"))).toBe(false);
  });
});

describe("detect", () => {
  it("finds things in pictures it has not seen, in their own pixels", async () => {
    const large = join(place, "large.jpg");
    await sharp(picture(0)).resize(256, 192, { kernel: "nearest" }).toFile(large);
    const { results } = await json("detect", cells, picture(0), large, "--threshold", "0.4");
    expect(results.map(({ file }: { file: string }) => file)).toEqual([picture(0), large]);
    for (const [i, { width, height, boxes }] of results.entries()) {
      const times = i === 0 ? 1 : 4;
      expect([width, height]).toEqual([64 * times, 48 * times]);
      const [{ left, right, label }] = boxes;
      const near = truth[0].boxes.some(
        (box) =>
          drawnClasses[box.label] === label &&
          Math.abs(box.left - left / times) < 4 &&
          Math.abs(box.right - right / times) < 4,
      );
      expect(near).toBe(true);
    }
  });

  it("draws into a folder, writes JSON to a file, and counts in words", async () => {
    const [drawn, boxes] = [join(place, "drawn"), join(place, "boxes.json")];
    const { code, stdout } = await autodidact("detect", cells, unseen, "--out", `${drawn}/`, "--json", boxes);
    expect([code, stdout]).toEqual([0, ""]);
    const { results } = JSON.parse(readFileSync(boxes, "utf8"));
    expect(results.length).toBe(8);
    expect((await sharp(join(drawn, "003.png")).metadata()).width).toBe(64);
    const inWords = await autodidact("detect", cells, unseen);
    expect(inWords.stdout.split("\n").length).toBe(9);
    expect(inWords.stdout).toMatch(/003.png: \d (square|disc)/);
  });

  it("counts in a table", async () => {
    const table = join(place, "counts.csv");
    await autodidact("detect", cells, picture(1), picture(2), "--out", table);
    const [header, first] = readFileSync(table, "utf8").split("\r\n");
    expect(header).toBe("file,square,disc");
    expect(first).toMatch(new RegExp(`^${picture(1)},\\d,\\d$`));
  });

  it("looks at a large picture in tiles, where what is small in all of it is seen", async () => {
    const sheet = join(place, "sheet.png");
    const parts = [0, 1, 2, 3].map((number) => ({
      input: picture(number),
      left: 64 * (number % 2),
      top: 48 * Math.floor(number / 2),
    }));
    const blank = { width: 128, height: 96, channels: 3, background: "#808080" } as const;
    await sharp({ create: blank }).composite(parts).png().toFile(sheet);
    const { results } = await json("detect", cells, sheet, "--tile", "64");
    const { boxes } = results[0];
    const wanted = truth.slice(0, 4).flatMap((one) => one.boxes).length;
    expect(Math.abs(boxes.length - wanted)).toBeLessThanOrEqual(2);
    expect(boxes.some(({ left }: { left: number }) => left > 70)).toBe(true);
    expect(boxes.some(({ top }: { top: number }) => top > 52)).toBe(true);
  });

  it("orders pictures by how much they would teach, with boxes to begin labelling with", async () => {
    const labels = join(place, "labels");
    const { code, stdout } = await autodidact(
      "detect",
      cells,
      unseen,
      "--suggest",
      "voc",
      "--out",
      `${labels}/`,
    );
    expect(code).toBe(0);
    const lines = stdout.trim().split("\n");
    expect(lines.length).toBe(8);
    const scores = lines.map((line) => Number(line.split("  ")[0]));
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    expect(readFileSync(join(labels, "Annotations/003.xml"), "utf8")).toMatch(/<name>(square|disc)<\/name>/);
    await refuse(place, /--suggest yolo with a single file/, [
      ...["detect", cells, picture(1), "--suggest", "yolo", "--out", join(place, "labels.json")],
    ]);
  });

  it("looks at a video only frame by frame", async () => {
    const video = join(place, "door.mp4");
    writeFileSync(video, "no video");
    await refuse(place, /door.mp4 without --every[\s\S]*--every 1/, ["detect", cells, video]);
  });

  it("goes on behind a picture that cannot be read, and fails in the end", async () => {
    const broken = join(place, "broken.png");
    writeFileSync(broken, readFileSync(picture(1)).subarray(0, 200));
    const { code, stdout, stderr } = await autodidact("detect", cells, broken, picture(1));
    expect(code).toBe(1);
    expect(stdout).toMatch(/001.png: /);
    expect(stderr).toMatch(/broken.png/);
  });

  it("refuses several pictures for one file", () =>
    refuse(place, /2 pictures/, ["detect", cells, picture(1), picture(2), "--out", join(place, "one.png")]));
});

describe("evaluate", () => {
  it("measures as COCO does, with counts and the best threshold", async () => {
    const figures = await json("evaluate", cells, "--metric", "coco");
    expect(figures).toMatchObject({ metric: "coco", pictures: 15 });
    expect(figures.ap50).toBeGreaterThan(0.8); // 0.95 or more was seen
    expect(figures.perClass.map((one: { class: string }) => one.class)).toEqual(drawnClasses);
    expect(figures.best.f1).toBeGreaterThan(0.8);
    expect(figures.counts.truth).toBe(figures.boxes);
  });

  it("measures on given pictures, and writes curves", async () => {
    const curves = join(place, "curves.csv");
    const { code, stdout } = await autodidact("evaluate", cells, "--data", unseen, "--out", curves);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/8 pictures with \d+ boxes[\s\S]*AP50 0\.\d/)]);
    expect(readFileSync(curves, "utf8")).toMatch(/^class,recall,precision,score\r\nsquare,0.0000,1.0000,/);
  });

  it("refuses classes that the model does not know, and a split that is not there", async () => {
    const other = join(place, "other");
    await writeDrawnThings(other, 4);
    const file = join(other, "annotations.json");
    writeFileSync(file, readFileSync(file, "utf8").replaceAll('"disc"', '"ball"'));
    await refuse(place, /ball in .*square, disc/, ["evaluate", cells, "--data", other]);
    await refuse(place, /--split test/, ["evaluate", cells, "--split", "test"]);
  });
});
