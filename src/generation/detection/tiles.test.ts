import { describe, expect, it } from "vitest";
import { randomStream } from "../../core/random.js";
import { areaOf, type Detection, type Edges, sharedArea } from "../../data/detection/boxes.js";
import { mergeTiles, tilesOf, type Window } from "./tiles.js";

const MODEL = { width: 320, height: 240 };
const PICTURE = { width: 1500, height: 1100 };

const edgesOf = ({ left, top, width, height }: Window): Edges => ({
  ...{ left, top },
  right: left + width,
  bottom: top + height,
});

/** What a detector finds of things that it sees a part of; the less there is, the less sure it is. */
function seen(things: readonly Detection[], windows: readonly Window[], least = 0.3): Detection[][] {
  return windows.map((window) => {
    const edges = edgesOf(window);
    return things.flatMap((thing) => {
      const visible = sharedArea(thing, edges) / areaOf(thing);
      if (visible < least) return [];
      const found = {
        left: Math.max(thing.left, edges.left) - window.left,
        top: Math.max(thing.top, edges.top) - window.top,
        right: Math.min(thing.right, edges.right) - window.left,
        bottom: Math.min(thing.bottom, edges.bottom) - window.top,
      };
      return [{ ...found, label: thing.label, score: thing.score * visible }];
    });
  });
}

const thing = (
  left: number,
  top: number,
  width: number,
  height: number,
  label = 0,
  score = 0.9,
): Detection => ({
  ...{ left, top, right: left + width, bottom: top + height },
  ...{ label, score },
});

const byPlace = (found: readonly Detection[]) => found.toSorted((a, b) => a.left - b.left || a.top - b.top);

describe("tilesOf", () => {
  it.each([
    [PICTURE, 400],
    [PICTURE, 641],
    [{ width: 5000, height: 301 }, 640],
    [{ width: 97, height: 3000 }, 200],
  ])("covers %j with overlapping tiles of the model's shape", (picture, side) => {
    const [whole, ...tiles] = tilesOf(picture, MODEL, side);
    expect(whole).toEqual({ left: 0, top: 0, ...picture });
    for (const { left, top, width, height } of tiles) {
      expect([width, height]).toEqual([tiles[0].width, tiles[0].height]);
      expect(
        Math.min(left, top, picture.width - left - width, picture.height - top - height),
      ).toBeGreaterThanOrEqual(0);
    }
    expect(Math.abs(tiles[0].width - (tiles[0].height * 4) / 3)).toBeLessThan(1);
    const fifth = [tiles[0].width / 5, tiles[0].height / 5].map(Math.floor);
    for (const [axis, side, least] of [
      ["left", "width", fifth[0]],
      ["top", "height", fifth[1]],
    ] as const) {
      const starts = [...new Set(tiles.map((tile) => tile[axis]))];
      expect(starts[0]).toBe(0);
      expect(starts.at(-1)).toBe(picture[side] - tiles[0][side]);
      // Whole pixels may take one away.
      const shared = starts.slice(1).map((start, i) => starts[i] + tiles[0][side] - start);
      expect(Math.min(...shared, tiles[0][side])).toBeGreaterThanOrEqual(least - 1);
    }
  });

  it("has tiles of the side that is asked for", () => {
    expect(tilesOf(PICTURE, MODEL, 400)[1]).toEqual({ left: 0, top: 0, width: 400, height: 300 });
  });

  it("leaves out a tile as large as the picture", () => {
    expect(tilesOf(PICTURE, MODEL, 1500)).toEqual([{ left: 0, top: 0, ...PICTURE }]);
    expect(tilesOf({ width: 320, height: 240 }, MODEL, 320)).toHaveLength(1);
  });
});

describe("mergeTiles", () => {
  const windows = tilesOf(PICTURE, MODEL, 400);
  const tiles = windows.slice(1);
  const once = (things: readonly Detection[], over: readonly Window[] = tiles) => {
    const merged = mergeTiles(PICTURE, over, seen(things, over));
    expect(byPlace(merged.map((found) => ({ ...found, score: 0.9 })))).toEqual(byPlace(things));
  };

  it("finds each of many small things once, at every border and corner", () => {
    const random = randomStream(3, "things");
    const cells = Array.from({ length: 22 * 16 }, (_, i) =>
      thing(
        5 + 67 * (i % 22) + Math.floor(8 * random.uniform()),
        5 + 67 * Math.floor(i / 22) + Math.floor(8 * random.uniform()),
        ...([20 + random.integer(35), 20 + random.integer(35)] as const),
        random.integer(2),
      ),
    );
    const found = seen(cells, tiles).flat().length;
    expect(found).toBeGreaterThan(1.3 * cells.length); // many twice, or in parts
    once(cells);
  });

  it("keeps things beside and inside each other apart that no border cuts", () => {
    once([
      thing(100, 100, 50, 50),
      thing(110, 110, 20, 20),
      thing(150, 100, 50, 50),
      thing(100, 100, 50, 50, 1),
    ]);
  });

  it("takes a thing larger than a tile from the whole picture", () => {
    once([thing(100, 100, 900, 800)], windows);
  });

  it("keeps the largest part of a thing that is nowhere whole", () => {
    const strip = [tiles[0], tiles[1]];
    const wide = thing(50, 50, 600, 60);
    const merged = mergeTiles(PICTURE, strip, seen([wide], strip));
    expect(merged).toHaveLength(2); // the parts share too little to say that they are one
    const long = thing(180, 50, 300, 60);
    const [part, ...others] = mergeTiles(PICTURE, strip, seen([long], strip));
    expect(others).toEqual([]);
    expect(part.right - part.left).toBeGreaterThan(190);
  });

  it("keeps a whole box before a surer part of it, and drops no part without a whole", () => {
    const border = tiles[0].width;
    const part = { ...thing(border - 30, 50, 30, 40), score: 0.99 };
    const whole = { ...thing(border - 30 - tiles[1].left, 50, 60, 40), score: 0.6 };
    const merged = mergeTiles(PICTURE, tiles.slice(0, 2), [[part], [whole]]);
    expect(merged).toEqual([thing(border - 30, 50, 60, 40, 0, 0.6)]);
    expect(mergeTiles(PICTURE, tiles.slice(0, 2), [[part], []])).toEqual([part]);
    expect(mergeTiles(PICTURE, tiles.slice(0, 2), [[part], [{ ...whole, label: 1 }]])).toHaveLength(2);
  });

  it("takes a box at the picture's own border for whole", () => {
    const things = [thing(0, 0, 30, 30), thing(PICTURE.width - 30, PICTURE.height - 30, 30, 30)];
    once(things);
  });

  it("gives the surest first, and no more than asked for", () => {
    const things = [
      thing(10, 10, 20, 20, 0, 0.5),
      thing(60, 60, 20, 20, 0, 0.8),
      thing(110, 10, 20, 20, 0, 0.7),
    ];
    const merged = mergeTiles(PICTURE, tiles, seen(things, tiles), { limit: 2 });
    expect(merged.map(({ score }) => score)).toEqual([0.8, 0.7]);
  });
});
