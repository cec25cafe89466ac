/** The page of a model that draws sounds in Chromium. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { RunningServer } from "../../src/serving/http/server.js";
import { serveSmallSpeaker, words } from "../serving/small-speaker.js";
import { temporaryFolder } from "../temporary-folder.js";
import { button, describePage, eventually, failure, open, shows } from "./browser.js";

let server: RunningServer;

describePage("the page of a model of sounds", () => {
  beforeAll(async () => {
    server = await serveSmallSpeaker(temporaryFolder());
  });
  afterAll(() => server.close());

  const openPage = (options?: Parameters<typeof open>[1]) => open(server.url, options);
  const captions = (page: Page) => page.locator("figcaption").allTextContents();

  it("makes sounds of the words, newest first, each with a player and its spectrogram", async () => {
    const page = await openPage();
    await shows(page.locator("#model"), "small");
    expect(await page.locator("#words button").allTextContents()).toEqual(words);
    await button(page, "two").click();
    await button(page, "snare drum").click();
    expect(await page.locator("#input").inputValue()).toBe("two snare drum");
    await button(page, "Make a sound").click();
    await eventually(() => captions(page)).toEqual(["two snare drum (Ann)"]);
    await page.locator("#voice").selectOption("bob");
    await page.locator("#input").fill("two");
    await page.locator("#input").press("Enter");
    await eventually(() => captions(page)).toEqual(["two (bob)", "two snare drum (Ann)"]);
    const seconds = await page
      .locator("audio")
      .first()
      .evaluate(
        (player: HTMLAudioElement) =>
          new Promise((resolve) => {
            player.addEventListener("loadedmetadata", () => resolve(player.duration));
            player.load();
          }),
      );
    expect(seconds).toBeGreaterThan(0.2);
    const brightest = await page
      .locator("canvas")
      .first()
      .evaluate((canvas: HTMLCanvasElement) => {
        const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
        return data.reduce((most, value, i) => (i % 4 === 0 ? Math.max(most, value) : most), 0);
      });
    expect(brightest).toBeGreaterThan(200);
  });

  it("says what the server does not know, in Chinese too, and keeps the words", async () => {
    const page = await openPage();
    await shows(page.locator("#model"), "small");
    await page.locator("#input").fill("nine");
    await button(page, "Make a sound").click();
    await shows(failure(page).locator("p"), /does not know this word.*nine/s);
    expect(await page.locator("#input").inputValue()).toBe("nine");
    await button(page, "中文").click();
    await shows(page.locator("#sounds-title"), "声音");
    expect(await page.locator("#welcome").isVisible()).toBe(true);
  });
});
