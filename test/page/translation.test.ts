/** The page of a translator in Chromium. */
import type { BrowserContextOptions, Page } from "playwright-core";
import { expect, it } from "vitest";
import { pageNamed } from "../../src/serving/page/page.js";
import { ScriptedTranslator, serveTranslator } from "../serving/scripted-translator.js";
import { until } from "../serving/start.js";
import { button, describePage, eventually, failure, open, shows } from "./browser.js";

const english = "A man is walking his dog along the river this morning.";

async function openPage(
  change: Parameters<typeof serveTranslator>[1] = {},
  options: BrowserContextOptions = {},
) {
  const translator = new ScriptedTranslator();
  const server = await serveTranslator(translator, { page: pageNamed("translation"), ...change });
  const page = await open(server.url, options);
  return { translator, server, page };
}

const text = (page: Page) => page.locator("#text");
const from = (page: Page) => page.locator("#source");
const into = (page: Page) => page.locator("#target");
const hasTranslation = (page: Page, expected: string) =>
  eventually(() => page.locator("#translation").inputValue()).toBe(expected);
const choices = (page: Page, menu: string) => page.locator(`${menu} option`).allTextContents();

describePage("the page of a translator", () => {
  it("translates what is typed, once the typing pauses, from the language that it finds", async () => {
    const { translator, page } = await openPage();
    await eventually(() => choices(page, "#source")).toEqual(["Detect language", "English", "German"]);
    await text(page).pressSequentially(english);
    await hasTranslation(page, `de: ${english}`);
    expect(translator.seen.length).toBeLessThan(english.length / 2);
    await shows(page.locator("#detected"), /^Detected: English \(\d+ %\)$/);
    await shows(page.locator("#alternatives"), `de0: ${english}de1: ${english}`);
    await text(page).fill("");
    await hasTranslation(page, "");
    expect(await page.locator("#others").isVisible()).toBe(false);
    expect(await button(page, "Copy").isDisabled()).toBe(true);
  });

  it("gives up what was asked before when more is typed, and shows the last", async () => {
    const { translator, page } = await openPage();
    translator.hold();
    await text(page).fill("one dog");
    await until(() => translator.seen.length === 1);
    await text(page).fill("two dogs");
    await until(() => translator.aborted === 1);
    translator.release();
    await hasTranslation(page, "de: two dogs");
    expect(await failure(page).count()).toBe(0);
  });

  it("offers the targets of a source, and turns the direction round with the text", async () => {
    const { page } = await openPage();
    await from(page).selectOption("en");
    expect(await choices(page, "#target")).toEqual(["German", "French"]);
    await text(page).fill("dog");
    await hasTranslation(page, "de: dog");
    await button(page, "Swap languages").click();
    await hasTranslation(page, "en: de: dog");
    expect([await from(page).inputValue(), await into(page).inputValue()]).toEqual(["de", "en"]);
    expect(await text(page).inputValue()).toBe("de: dog");
    await from(page).selectOption("en");
    await into(page).selectOption("fr");
    await hasTranslation(page, "fr: de: dog");
    await button(page, "Swap languages").click(); // nothing is translated from French
    expect([await from(page).inputValue(), await into(page).inputValue()]).toEqual(["en", "fr"]);
  });

  it("says what a person should look at, as text", async () => {
    const { translator, page } = await openPage();
    translator.flags = [
      { kind: "lost", found: "<b>" },
      { kind: "doubled", found: "{name}" },
      { kind: "added", found: "%s" },
      { kind: "reordered" },
      { kind: "repetition", found: "salad" },
    ];
    await text(page).fill("dog");
    await eventually(() => page.locator("#flags li").allTextContents()).toEqual([
      "A placeholder is missing: <b>",
      "A placeholder is doubled: {name}",
      "A placeholder was not in the text: %s",
      "Placeholders are in another order.",
      "The translation repeats itself: salad",
    ]);
  });

  it("copies the translation", async () => {
    const { page } = await openPage({}, { permissions: ["clipboard-read", "clipboard-write"] });
    await text(page).fill("dog");
    await hasTranslation(page, "de: dog");
    await button(page, "Copy").click();
    await shows(page.locator("#copied"), "Copied");
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe("de: dog");
  });

  it("asks for the key, and for another where it is wrong", async () => {
    const { page } = await openPage({ apiKey: "secret" });
    await text(page).fill("dog");
    for (const key of ["wrong", "secret"]) {
      await page.getByLabel("API key").fill(key);
      await button(page, "Use it").click();
      if (key === "wrong") await shows(page.locator("#key-reason"), "The server does not take this key.");
    }
    await hasTranslation(page, "de: dog");
  });

  it("says what went wrong, and tries again", async () => {
    const { translator, page } = await openPage({ onFault: () => {} });
    translator.failure = new Error("broken");
    await text(page).fill("dog");
    await shows(failure(page).locator("p"), /^The server failed\. Cannot translate text: /);
    translator.failure = undefined;
    await button(page, "Try again").click();
    await hasTranslation(page, "de: dog");
    expect(await failure(page).count()).toBe(0);
  });

  it("speaks Chinese, and keeps what was being done when it is loaded again", async () => {
    const { page } = await openPage();
    await from(page).selectOption("en");
    await into(page).selectOption("fr");
    await text(page).fill("dog");
    await hasTranslation(page, "fr: dog");
    await button(page, "中文").click();
    expect(await choices(page, "#source")).toEqual(["检测语言", "英语", "德语"]);
    await shows(button(page, "复制"), "复制");
    await page.reload();
    await hasTranslation(page, "fr: dog");
    expect(await page.locator("html").getAttribute("lang")).toBe("zh-CN");
  });

  it("is dark where the reader's system is, and stacks the panes on a phone", async () => {
    const { page } = await openPage({}, { colorScheme: "dark", viewport: { width: 320, height: 640 } });
    const background = await page.evaluate("getComputedStyle(document.body).backgroundColor");
    expect(background).toBe("rgb(25, 25, 23)");
    const [upper, lower] = await Promise.all(
      [text(page), page.locator("#translation")].map((pane) => pane.boundingBox()),
    );
    expect(lower!.y).toBeGreaterThan(upper!.y + upper!.height);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(320);
  });
});
