/** The page of a model of music in Chromium. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readMidi } from "../../src/data/music/midi.js";
import type { RunningServer } from "../../src/serving/http/server.js";
import { serveSmallComposer } from "../serving/small-composer.js";
import { temporaryFolder } from "../temporary-folder.js";
import { button, describePage, failure, open, shows } from "./browser.js";

let server: RunningServer;

describePage("the page of a model of music", () => {
  beforeAll(async () => {
    server = await serveSmallComposer(temporaryFolder());
  });
  afterAll(() => server.close());

  it("writes a piece to look at, to hear and to keep, and goes on from it", async () => {
    const page = await open(server.url);
    await shows(page.locator("#model"), "small");
    await page.locator("#bars").fill("1");
    await button(page, "Write").click();
    await page.locator("figure").first().waitFor();
    const picture = page.locator("figure img");
    expect(
      await picture.evaluate((image: HTMLImageElement) => image.decode().then(() => image.naturalWidth)),
    ).toBeGreaterThan(20);
    const duration = await page.locator("audio").evaluate(
      (audio: HTMLAudioElement) =>
        new Promise<number>((resolve) => {
          if (audio.duration > 0) resolve(audio.duration);
          audio.addEventListener("loadedmetadata", () => resolve(audio.duration));
        }),
    );
    expect(duration).toBeGreaterThan(1);
    const download = page.waitForEvent("download");
    await page.getByText("music-1.mid").click();
    const { score } = readMidi(readFileSync(await (await download).path()), "music-1.mid");
    expect(score.timeSignatures[0]).toMatchObject({ numerator: 4, denominator: 4 });
    await button(page, "Go on from it").click();
    await page.getByText("music-2.mid").waitFor();
  });

  it("says what is wrong with a file, in Chinese too", async () => {
    const page = await open(server.url, { locale: "zh-CN" });
    await shows(page.locator("#write"), "写");
    await page
      .locator("#file")
      .setInputFiles({ name: "a.mid", mimeType: "audio/midi", buffer: Buffer.from("no") });
    await shows(failure(page), /MIDI/);
  });
});
