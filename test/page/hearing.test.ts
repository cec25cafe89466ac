/** The page of a recogniser in Chromium, whose microphone hears a beep each second. */
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  motley,
  type SmallRecogniser,
  saveSmallRecogniser,
  serveSmallRecogniser,
} from "../serving/small-recogniser.js";
import { temporaryFolder } from "../temporary-folder.js";
import { button, describePage, eventually, failure, open, shows } from "./browser.js";

const place = temporaryFolder();
const talk = { name: "talk.wav", mimeType: "audio/wav", buffer: Buffer.from(motley(9.5)) };
let server: SmallRecogniser;

describePage("the page of a recogniser", () => {
  beforeAll(async () => {
    await saveSmallRecogniser(place, "en");
    server = await serveSmallRecogniser(place);
  });
  afterAll(() => server.close());

  const openPage = (options?: Parameters<typeof open>[1]) => open(server.url, options);
  const segments = (page: Page) => page.locator("#segments li");
  const asked = async (format: string) => {
    const body = new FormData();
    body.append("file", new File([talk.buffer], talk.name));
    body.append("model", "small");
    body.append("response_format", format);
    return (await fetch(`${server.url}/v1/audio/transcriptions`, { method: "POST", body })).text();
  };
  async function saved(page: Page, format: string): Promise<[string, string]> {
    const [download] = await Promise.all([page.waitForEvent("download"), button(page, format).click()]);
    return [download.suggestedFilename(), readFileSync(await download.path(), "utf8")];
  }

  it("writes down a recording that is chosen, with times, and saves subtitles as the server writes them", async () => {
    const page = await openPage();
    await page.locator("#file").setInputFiles(talk);
    await segments(page).first().waitFor();
    const { segments: heard } = JSON.parse(await asked("verbose_json"));
    expect(await segments(page).locator("span").allTextContents()).toEqual(
      heard.map(({ text }: { text: string }) => text),
    );
    expect(await segments(page).locator("time").last().textContent()).toMatch(/^\d:\d\d$/);
    expect(await saved(page, "SRT")).toEqual(["talk.srt", `${(await asked("srt")).trimEnd()}\n`]);
    expect(await saved(page, "VTT")).toEqual(["talk.vtt", `${(await asked("vtt")).trimEnd()}\n`]);
  });

  it("takes a recording that is dropped, also before it knows whom to ask", async () => {
    const page = await openPage();
    const model = page.locator("#model");
    await shows(model, "small");
    await model.evaluate((element) => {
      element.textContent = "";
    });
    const bytes = talk.buffer.toString("base64");
    await page.evaluate((base64) => {
      const data = new DataTransfer();
      const content = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      data.items.add(new File([content], "dropped.wav"));
      dispatchEvent(new DragEvent("drop", { dataTransfer: data, cancelable: true }));
    }, bytes);
    await segments(page).first().waitFor();
    await shows(model, "small");
  });

  it("writes down what is said while it is said, and all of it at the end", async () => {
    const page = await openPage({ permissions: ["microphone"] });
    await button(page, "Speak").click();
    await shows(page.getByRole("status"), "Listening");
    await shows(page.locator("#settled"), /\w/);
    const settled = (await page.locator("#settled").textContent())!.trim();
    await button(page, "Stop").click();
    await segments(page).first().waitFor();
    const text = (await segments(page).locator("span").allTextContents()).join(" ");
    expect(text.startsWith(settled)).toBe(true);
    expect(await button(page, "Speak").isVisible()).toBe(true);
    expect((await saved(page, "Text"))[1].replaceAll("\n", " ").trim()).toBe(text);
  });

  it("says why nothing is heard", async () => {
    const page = await openPage({ permissions: [] });
    await page.locator("#file").setInputFiles({ ...talk, buffer: Buffer.from("no sound") });
    await shows(failure(page).locator("p"), /^The server does not accept this\. .*begins with "no sound"/);
    await page.evaluate(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("Permission denied"));
    });
    await button(page, "Speak").click();
    await shows(
      failure(page).locator("p"),
      "There is no microphone that this page may hear. Permission denied",
    );
    await button(page, "Dismiss").click();
    expect(await failure(page).count()).toBe(0);
  });

  it("stops what is being heard", async () => {
    const page = await openPage();
    await page.route("**/v1/audio/transcriptions", () => {}); // never answers
    await page.locator("#file").setInputFiles(talk);
    await shows(page.getByRole("status"), "Hearing talk.wav");
    await button(page, "Stop").click();
    await eventually(() => button(page, "Speak").isVisible()).toBe(true);
    expect(await failure(page).count()).toBe(0);
  });

  it("speaks Chinese", async () => {
    const page = await openPage({ locale: "zh-CN" });
    await shows(page.locator("#speak"), "说话");
    await button(page, "EN").click();
    await shows(page.locator("#speak"), "Speak");
  });
});
