/** The chat page in Chromium: conversations. */
import { expect, it } from "vitest";
import { until, untilMetric } from "../serving/start.js";
import {
  answer,
  answered,
  button,
  describePage,
  eventually,
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

const oneAtATime = { bodyBytes: 20_000, maxConcurrent: 1, maxQueue: 1 };

describePage("the chat page", () => {
  it("shows what is written before the rest comes, then how much and how fast", async () => {
    const { engine, page } = await openScripted();
    engine.hold();
    const request = nextRequest(page);
    await send(page, "Hi");
    expect(await request).toEqual({
      model: "tiny",
      messages: [{ role: "user", content: "Hi" }],
      stream: true,
      stream_options: { include_usage: true },
    });
    await shows(answer(page), /^[a-z]$/);
    await shows(question(page), "Hi");
    expect(await button(page, "Send").isVisible()).toBe(false);
    expect(await button(page, "Stop").isVisible()).toBe(true);
    expect(await page.locator("#exchanges").getAttribute("aria-busy")).toBe("true");
    await shows(page.getByRole("status"), "Answering");
    engine.release();
    await answered(page);
    const { maxTokens } = engine.seen[0];
    const text = (await answer(page).textContent())!;
    expect(text).toHaveLength(maxTokens);
    await shows(page.getByRole("status"), text);
    const [tokens, rate, end] = (await note(page).textContent())!.split(" · ");
    expect([tokens, end]).toEqual([`${maxTokens} tokens`, "cut off at the token limit"]);
    expect(rate).toMatch(/^\d[\d,.]* tokens\/s$/);
    expect(await page.locator("#exchanges").getAttribute("aria-busy")).toBe("false");
  });

  it("tells the model what was said before, after the system message", async () => {
    const { url } = await serve(saying("Yes,", " indeed."));
    const page = await open(url);
    await button(page, "Settings").click();
    await page.getByLabel("System message").fill("Be brief.\nBe kind.");
    await send(page, "One");
    await answered(page);
    const request = nextRequest(page);
    await send(page, "Two");
    expect((await request).messages).toEqual([
      { role: "system", content: "Be brief.\nBe kind." },
      { role: "user", content: "One" },
      { role: "assistant", content: "Yes, indeed." },
      { role: "user", content: "Two" },
    ]);
    await answered(page);
  });

  it("stops at the button, and the server with it", async () => {
    const { engine, page } = await openScripted();
    engine.hold();
    await send(page, "Hi");
    await shows(answer(page), /^[a-z]$/);
    await button(page, "Stop").click();
    await shows(note(page), "stopped");
    await until(() => engine.load().active === 0);
    await shows(answer(page), /^[a-z]$/);
    expect(await failure(page).count()).toBe(0);
  });

  it("gives the question back when it is stopped before the first word", async () => {
    const { engine, server, page } = await openScripted({ limits: oneAtATime });
    engine.hold();
    const other = await open(server.url);
    await send(other, "First");
    await shows(answer(other), /^[a-z]$/);
    await send(page, "Second");
    await untilMetric(server.url, "autodidact_answers_queued 1");
    await message(page).fill("and more");
    await button(page, "Stop").click();
    await eventually(() => message(page).inputValue()).toBe("Second\nand more");
    expect(await page.locator("article").count()).toBe(0);
    // The page knows before the server does.
    await untilMetric(server.url, "autodidact_answers_queued 0");
    engine.release();
    await answered(other);
    expect(engine.seen).toHaveLength(1);
  });

  it("answers again, and keeps the answer before if that fails", async () => {
    const { engine, page } = await openScripted({ onFault: () => {} });
    await send(page, "Hi");
    await answered(page);
    const noted = await note(page).textContent();
    const request = nextRequest(page);
    await button(page, "Regenerate").click();
    expect((await request).messages).toEqual([{ role: "user", content: "Hi" }]);
    await answered(page);
    expect(engine.seen[1].seed).not.toBe(engine.seen[0].seed);
    const again = await answer(page).textContent();
    expect(again![0]).toBe(String.fromCharCode(97 + (engine.seen[1].seed % 26))); // as the engine writes
    await shows(note(page), new RegExp(noted!.split(" · ")[0]));
    engine.failure = { error: new Error("broken"), afterFirst: false };
    await button(page, "Regenerate").click();
    await shows(failure(page).locator("p"), /^The server failed\./);
    await shows(answer(page), again!);
  });

  it("keeps the end in view, unless the reader has scrolled away", async () => {
    const { engine, page } = await openScripted({}, { viewport: { width: 320, height: 400 } });
    await page.locator("#settings-toggle").click();
    await page.getByLabel("Most tokens of an answer").fill("240");
    await button(page, "Close").click();
    const scroller = page.locator("#conversation");
    const isAtEnd = () =>
      scroller.evaluate(({ scrollTop, scrollHeight, clientHeight }) => ({
        scrolls: scrollHeight > clientHeight,
        isAtEnd: scrollHeight - scrollTop - clientHeight < 2,
      }));
    await send(page, "One");
    await answered(page);
    await eventually(isAtEnd).toEqual({ scrolls: true, isAtEnd: true });
    engine.hold();
    await button(page, "Regenerate").click();
    await shows(answer(page), /^[a-z]$/);
    await message(page).fill("a\nb\nc\nd\ne\nf"); // less room: there is something to scroll
    await scroller.hover();
    await page.mouse.wheel(0, -1000);
    await eventually(() => scroller.evaluate(({ scrollTop }) => scrollTop)).toBe(0);
    engine.release();
    await answered(page);
    expect(await scroller.evaluate(({ scrollTop }) => scrollTop)).toBe(0);
  });

  it("starts anew, which ends what is being written", async () => {
    const { engine, page } = await openScripted();
    engine.hold();
    await send(page, "Hi");
    await shows(answer(page), /^[a-z]$/);
    await button(page, "New chat").click();
    await until(() => engine.load().active === 0);
    expect(await page.locator("article").count()).toBe(0);
    expect(await page.getByText("What would you like to talk about?").isVisible()).toBe(true);
    engine.release();
    const request = nextRequest(page);
    await send(page, "Hello");
    expect((await request).messages).toHaveLength(1);
    await answered(page);
    expect(await message(page).inputValue()).toBe("");
  });

  it("lets adapters answer as well", async () => {
    const { engine, page } = await openScripted({ adapters: ["pirate"] });
    await page.getByLabel("Model").selectOption("pirate");
    await send(page, "Hi");
    await answered(page);
    expect(engine.seen[0].adapter).toBe("pirate");
    await shows(page.locator(".model").last(), "pirate");
    await page.reload();
    await eventually(() => page.getByLabel("Model").inputValue()).toBe("pirate");
  });

  it("shows text as text, with its lines and spaces, whatever it holds", async () => {
    const evil = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>\n  <b>&amp;</b>\n';
    const { url } = await serve(saying(evil, ...evil));
    const page = await open(url);
    await message(page).fill(evil);
    await button(page, "Send").click();
    await answered(page);
    await shows(answer(page), evil + evil);
    await shows(question(page), evil);
    expect(await page.locator("#exchanges").locator("img, script, b").count()).toBe(0);
    expect(await page.evaluate("window.hit")).toBeUndefined();
    expect(await answer(page).evaluate((place) => getComputedStyle(place).whiteSpace)).toBe("pre-wrap");
  });

  it("takes Enter as sending, Shift+Enter as a new line", async () => {
    const { engine, page } = await openScripted();
    await message(page).press("Enter");
    await message(page).pressSequentially("a");
    await message(page).press("Shift+Enter");
    await message(page).pressSequentially("b");
    expect(await message(page).inputValue()).toBe("a\nb");
    await message(page).press("Enter");
    await answered(page);
    await shows(question(page), "a\nb");
    expect(engine.seen).toHaveLength(1);
  });

  it("leaves Enter to the input method while it composes", async () => {
    const { engine, page } = await openScripted();
    const devtools = await page.context().newCDPSession(page);
    const enter = { key: "Enter", code: "Enter", windowsVirtualKeyCode: 13 };
    await message(page).focus();
    await devtools.send("Input.imeSetComposition", { text: "nihao", selectionStart: 5, selectionEnd: 5 });
    await devtools.send("Input.dispatchKeyEvent", { type: "rawKeyDown", ...enter });
    await devtools.send("Input.dispatchKeyEvent", { type: "keyUp", ...enter });
    expect(await message(page).inputValue()).toBe("nihao");
    expect(await page.locator("article").count()).toBe(0);
    await devtools.send("Input.insertText", { text: "你好" });
    await message(page).press("Enter");
    await answered(page);
    await shows(question(page), "你好");
    expect(engine.seen).toHaveLength(1);
  });
});
