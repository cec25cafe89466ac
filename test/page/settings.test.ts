/** The chat page in Chromium: settings, languages, what it keeps, small screens. */
import { expect, it } from "vitest";
import { until } from "../serving/start.js";
import {
  answer,
  answered,
  button,
  describePage,
  failure,
  message,
  nextRequest,
  note,
  open,
  openScripted,
  question,
  saying,
  send,
  serve,
  shows,
} from "./browser.js";

describePage("settings", () => {
  it("go along with each request, and stay when the page is loaded again", async () => {
    const { page } = await openScripted();
    await button(page, "Settings").click();
    const given = { Temperature: "0.25", "Top-p": ".5", "Most tokens of an answer": "3", Seed: "12" };
    for (const [name, value] of Object.entries(given)) await page.getByLabel(name).fill(value);
    const expected = { temperature: 0.25, top_p: 0.5, max_tokens: 3, seed: 12 };
    for (const text of ["One", "Two"]) {
      const request = nextRequest(page);
      await send(page, text);
      expect(await request).toMatchObject(expected);
      await answered(page);
      await page.reload();
    }
    await shows(answer(page), "mno"); // letter 12 and on, as the seed says
    await button(page, "Settings").click();
    for (const [name, value] of Object.entries(given))
      expect(await page.getByLabel(name).inputValue()).toBe(value);
  });

  it("out of range are shown, and nothing is sent or lost", async () => {
    const { engine, page } = await openScripted();
    const wrong: Record<string, string[]> = {
      Temperature: ["2.1", "-1", "warm", "Infinity"],
      "Top-p": ["0", "1.5"],
      "Most tokens of an answer": ["0", "1.5"],
      Seed: ["-1", "0.5", "9007199254740991"],
    };
    await button(page, "Settings").click();
    for (const [name, values] of Object.entries(wrong)) {
      const field = page.getByLabel(name);
      for (const value of values) {
        await field.fill(value);
        expect(await field.getAttribute("aria-invalid")).toBe("true");
      }
      await button(page, "Close").click();
      await send(page, "Hi");
      await shows(failure(page).locator("p"), /A setting is out of its range; nothing was sent\./);
      expect(await field.evaluate((element) => element === document.activeElement)).toBe(true);
      expect(await message(page).inputValue()).toBe("Hi");
      await field.fill("");
      expect(await field.getAttribute("aria-invalid")).toBe("false");
    }
    expect(engine.seen).toEqual([]);
    await message(page).press("Enter");
    await answered(page);
    expect(await failure(page).count()).toBe(0);
  });

  it("open and close with the keyboard", async () => {
    const { page } = await openScripted();
    const toggle = page.locator("#settings-toggle");
    await toggle.press("Enter");
    expect(await toggle.getAttribute("aria-expanded")).toBe("true");
    await page.keyboard.press("Escape");
    expect(await page.getByLabel("Temperature").isVisible()).toBe(false);
    expect(await toggle.evaluate((element) => element === document.activeElement)).toBe(true);
  });
});

describePage("the language", () => {
  it("is switched at any time, everywhere, and for good", async () => {
    const { page } = await openScripted();
    await send(page, "Hi");
    await answered(page);
    await button(page, "Settings").click();
    await page.getByLabel("Seed").fill("x");
    await send(page, "again");
    await button(page, "中文").click();
    expect(await page.locator("html").getAttribute("lang")).toBe("zh-CN");
    for (const name of ["发送", "新对话", "重新生成", "关闭"])
      expect(await button(page, name).isVisible()).toBe(true);
    await shows(note(page), /^\d+ 个词元 · 每秒 [\d,.]+ 个词元 · 已达词元上限$/);
    await shows(failure(page).locator("strong"), "有一项设置超出范围，消息没有发送。");
    expect(await message(page).getAttribute("placeholder")).toBe("输入消息");
    const texts = await page.locator("[data-text]").allTextContents();
    expect(texts.filter((text) => !/\p{Script=Han}/u.test(text))).toEqual(["Top-p"]);
    await page.reload();
    expect(await button(page, "发送").isVisible()).toBe(true);
    await button(page, "EN").click();
    expect(await page.locator("html").getAttribute("lang")).toBe("en");
    expect(await button(page, "Send").isVisible()).toBe(true);
    await shows(note(page), /^\d+ tokens/);
  });

  it.each([
    ["zh-TW", "zh-CN"],
    ["zh-CN", "zh-CN"],
    ["fr-FR", "en"],
  ])("is at first the browser's: %s gives %s", async (locale, language) => {
    const { page } = await openScripted({}, { locale });
    expect(await page.locator("html").getAttribute("lang")).toBe(language);
    const pressed = page.locator("#languages [aria-pressed=true]");
    expect(await pressed.getAttribute("lang")).toBe(language);
  });

  it("of the conversation may be Chinese: sent and shown as it is", async () => {
    const { url } = await serve(saying("海", "洋", "很大，", "𠮷", "！🌊"));
    const page = await open(url, { locale: "zh-CN" });
    const request = nextRequest(page);
    await send(page, "海洋是什么？𠮷");
    expect((await request).messages).toEqual([{ role: "user", content: "海洋是什么？𠮷" }]);
    await answered(page);
    await shows(answer(page), "海洋很大，𠮷！🌊");
    await shows(note(page), /^5 个词元/);
  });
});

describePage("loading the page again", () => {
  it("keeps the conversation, and what is not sent yet", async () => {
    const { page } = await openScripted();
    await button(page, "Settings").click();
    await page.getByLabel("Most tokens of an answer").fill("5");
    for (const text of ["One", "Two"]) {
      await send(page, text);
      await answered(page);
    }
    await message(page).fill("Three?");
    const before = await page.locator("article").allTextContents();
    await page.reload();
    expect(await page.locator("article").allTextContents()).toEqual(before);
    expect(await message(page).inputValue()).toBe("Three?");
    const request = nextRequest(page);
    await message(page).press("Enter");
    const said = (await request).messages as { role: string; content: string }[];
    expect(said.map(({ role }) => role)).toEqual(["user", "assistant", "user", "assistant", "user"]);
    await answered(page);
  });

  it("keeps what was written of an answer, and ends it", async () => {
    const { engine, page } = await openScripted();
    engine.hold();
    await send(page, "Hi");
    await shows(answer(page), /^[a-z]$/);
    const text = await answer(page).textContent();
    await page.reload();
    await shows(answer(page), text!);
    await shows(question(page), "Hi");
    await shows(note(page), "stopped");
    await until(() => engine.load().active === 0);
  });
});

describePage("a small screen", () => {
  it.each(["en-US", "zh-CN"])("holds everything, without scrolling sideways: %s", async (locale) => {
    const { url } = await serve(saying("x".repeat(500), ` ${"word ".repeat(100)}`));
    const page = await open(url, { locale, viewport: { width: 320, height: 560 }, hasTouch: true });
    const isWithin = () =>
      page.evaluate(() =>
        Array.from(document.querySelectorAll("body, header *, main *, aside *")).every((element) => {
          const { left, right } = element.getBoundingClientRect();
          return left >= 0 && right <= 320;
        }),
      );
    await send(page, "y".repeat(50));
    await answered(page);
    expect(await isWithin()).toBe(true);
    await page.locator("#settings-toggle").tap();
    expect(await isWithin()).toBe(true);
    await page.locator("#seed").fill("1"); // lies below, and is scrolled to
    await page.locator("#settings-close").tap();
    expect(await message(page).isVisible()).toBe(true);
  });
});
