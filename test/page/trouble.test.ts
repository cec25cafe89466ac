/** The chat page in Chromium when things go wrong: it says what, and loses nothing. */
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { post, until } from "../serving/start.js";
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

/** That nothing of the question is on the page but in its field, ready to be sent again. */
async function isGivenBack(page: Page, text: string): Promise<void> {
  await eventually(() => message(page).inputValue()).toBe(text);
  expect(await page.locator("article").count()).toBe(0);
}

describePage("a server with a key", () => {
  it("is asked with the one that the user gives, until the tab is closed", async () => {
    const { page, engine } = await openScripted({ apiKey: "open-sesame" });
    const dialog = page.getByRole("dialog", { name: "This server asks for a key" });
    const field = dialog.getByLabel("API key");
    await dialog.waitFor();
    expect(await field.getAttribute("type")).toBe("password");
    await field.fill("钥匙");
    await field.press("Enter");
    await shows(dialog.getByRole("alert"), /letters, digits and signs only/);
    await field.fill("wrong");
    await field.press("Enter");
    await shows(dialog.getByRole("alert"), "The server does not take this key.");
    await field.fill("open-sesame");
    await button(page, "Use it").click();
    await dialog.waitFor({ state: "hidden" });
    await send(page, "Hi");
    await answered(page);
    await page.reload();
    await button(page, "Regenerate").click();
    await answered(page);
    expect(engine.seen).toHaveLength(2);
    expect(await dialog.isVisible()).toBe(false);
    const kept = await page.evaluate(() => ({ ...localStorage, ...document.cookie.split("") }));
    expect(kept).toEqual({});
  });

  it("can be left unanswered: the text stays, and is sent when the key is there", async () => {
    const { page } = await openScripted({ apiKey: "open-sesame" });
    const dialog = page.getByRole("dialog");
    await dialog.waitFor();
    await page.keyboard.press("Escape");
    await shows(failure(page).locator("strong"), "The server asks for an API key.");
    await send(page, "Hi");
    await button(page, "Cancel").click();
    await isGivenBack(page, "Hi");
    await shows(failure(page).locator("strong"), "The server asks for an API key.");
    await message(page).press("Enter");
    await dialog.getByLabel("API key").fill("open-sesame");
    await page.keyboard.press("Enter");
    await answered(page);
    await shows(question(page), "Hi");
    await shows(page.locator(".model"), "tiny");
  });
});

describePage("a refusal", () => {
  it("of a full server says when to try again", async () => {
    const { engine, server, page } = await openScripted({
      limits: { bodyBytes: 20_000, maxConcurrent: 1, maxQueue: 0 },
    });
    engine.hold();
    const other = post(`${server.url}/v1/completions`, { model: "tiny", prompt: "Hi", max_tokens: 2 });
    await until(() => engine.load().active === 1);
    await send(page, "Hi");
    await shows(failure(page).locator("p"), /^The server is busy; try again in 1 s\. The server is busy\./);
    await isGivenBack(page, "Hi");
    engine.release();
    await other;
    await message(page).press("Enter");
    await answered(page);
    expect(await failure(page).count()).toBe(0);
  });

  it("of what is longer than the context says both numbers", async () => {
    const { page } = await openScripted({ model: { name: "tiny", contextLength: 64, created: 0 } });
    await send(page, "a".repeat(100));
    await shows(
      failure(page).locator("p"),
      /The server does not accept this\. .*context.* \d+ tokens.* 64\b/,
    );
    await isGivenBack(page, "a".repeat(100));
    await button(page, "Dismiss").click();
    expect(await failure(page).count()).toBe(0);
  });

  it("of a setting names it", async () => {
    const { page } = await openScripted({
      limits: { bodyBytes: 20_000, maxConcurrent: 1, maxQueue: 0 },
      maxTokensPerRequest: 4,
    });
    await button(page, "Settings").click();
    await page.getByLabel("Most tokens of an answer").fill("5");
    await send(page, "Hi");
    await shows(failure(page).locator("p"), /more tokens than the server writes.* 5, the server writes 4/);
  });
});

describePage("a server that is gone", () => {
  it("is said to be, and the text stays", async () => {
    const { server, page } = await openScripted();
    await server.close(0);
    await send(page, "Hi");
    await shows(failure(page).locator("strong"), "The server cannot be reached.");
    await isGivenBack(page, "Hi");
  });

  it("before the models are known is asked again", async () => {
    const { url } = await serve(saying("Yes"));
    const page = await open(url);
    await page.route("**/v1/models", (route) => route.abort());
    await page.reload();
    await shows(failure(page).locator("strong"), "The server cannot be reached.");
    await page.unroute("**/v1/models");
    await button(page, "Try again").click();
    await shows(page.getByLabel("Model"), "tiny");
    expect(await failure(page).count()).toBe(0);
  });

  it("in the midst of an answer leaves what was written, which goes on from there", async () => {
    const { engine, page } = await openScripted();
    const chunk = JSON.stringify({ choices: [{ delta: { content: "So far" }, finish_reason: null }] });
    await page.route("**/v1/chat/completions", (route) =>
      route.fulfill({ contentType: "text/event-stream", body: `data: ${chunk}\n\ndata: {"cho` }),
    );
    await send(page, "Hi");
    await shows(failure(page).locator("strong"), "The server cannot be reached.");
    await shows(answer(page), "So far");
    await shows(note(page), "broken off");
    await page.unroute("**/v1/chat/completions");
    await send(page, "Go on");
    await answered(page);
    expect(engine.seen).toHaveLength(1);
  });

  it("in good order says so in its last event", async () => {
    const { engine, server, page } = await openScripted();
    engine.hold();
    await send(page, "Hi");
    await shows(answer(page), /^[a-z]$/);
    await server.close(0);
    await shows(failure(page).locator("p"), /The server failed\. The server is shutting down\./);
    await shows(note(page), "broken off");
  });
});

describePage("a model that says nothing", () => {
  it("is not told of the question again, which is said", async () => {
    const { url } = await serve(saying(" \n"));
    const page = await open(url);
    await send(page, "One");
    await answered(page);
    await shows(note(page), "1 token · no answer; the model will not be told of this question again");
    const request = nextRequest(page);
    await send(page, "Two");
    expect((await request).messages).toEqual([{ role: "user", content: "Two" }]);
    await answered(page);
    expect(await failure(page).count()).toBe(0);
  });
});
