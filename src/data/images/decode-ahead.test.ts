import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, expect, it, vi } from "vitest";
import * as decode from "./decode.js";
import { openImages } from "./open-images.js";

vi.mock("./decode.js", { spy: true });

const root = await fs.mkdtemp(join(tmpdir(), "ahead-"));
afterAll(() => fs.rm(root, { recursive: true }));

it("pictures of another size than the first are told by their headers, not decoded", async () => {
  const picture = (height: number, width: number) =>
    sharp({ create: { height, width, channels: 3, background: "#f00" } });
  await fs.writeFile(join(root, "01.jpg"), await picture(6, 4).jpeg().toBuffer());
  const lying = picture(4, 6).withMetadata({ orientation: 6 }); // upright 6 x 4 as well
  await fs.writeFile(join(root, "02.jpg"), await lying.jpeg().toBuffer());
  for (let i = 10; i < 30; i++) {
    await fs.writeFile(join(root, `${i}.jpg`), await picture(4, 6).jpeg().toBuffer());
  }
  const found: string[] = [];
  const reading = async () => {
    for await (const { source } of (await openImages({ path: root })).images("train")) found.push(source);
  };
  await expect(reading()).rejects.toThrow(/01\.jpg is 6 x 4, .*10\.jpg is 4 x 6[\s\S]*features\.size/);
  const same = [join(root, "01.jpg"), join(root, "02.jpg")];
  expect(found).toEqual(same);
  const decoded = vi.mocked(decode.decodeImage).mock.calls.map(([, source]) => source);
  expect(decoded.sort()).toEqual(same); // side by side: their order is chance
});
