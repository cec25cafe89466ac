/** The chat page in Chromium with a real model behind it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openFolder } from "../../src/files/disk.js";
import { saveModel } from "../../src/interop/model-folder.js";
import { startEngine, type WorkerEngine } from "../../src/serving/engine/worker-engine.js";
import { smallModel } from "../serving/small-model.js";
import { until } from "../serving/start.js";
import { temporaryFolder } from "../temporary-folder.js";
import {
  answer,
  answered,
  button,
  describePage,
  message,
  note,
  open,
  send,
  serve,
  shows,
} from "./browser.js";

const folder = temporaryFolder();
let engine: WorkerEngine;

/**
 * The small model, but for a longer context, with end tokens that are never the likeliest, nor bytes beyond ASCII: an
 * answer that goes back into the next prompt then has as many tokens there, not three for each broken letter.
 */
async function saveTalkativeModel(): Promise<void> {
  const { model, weights, ...others } = smallModel();
  const head = weights.get("lm_head.weight")!;
  head.data.fill(0, 128 * head.shape[1]); // the special tokens come after the 256 bytes
  await saveModel(openFolder(folder), { model, weights, ...others });
  const path = join(folder, "config.json");
  const config = JSON.parse(readFileSync(path, "utf8"));
  writeFileSync(path, JSON.stringify({ ...config, max_position_embeddings: 8192 }));
}

async function openTalkative(): Promise<Page> {
  const { contextLength } = engine.modelInfo;
  const { url } = await serve(engine, {
    tokenizer: engine.tokenizer,
    model: { name: "talkative", contextLength, created: 0 },
  });
  return open(url);
}

async function set(page: Page, settings: Record<string, string>): Promise<void> {
  if (!(await page.getByLabel("Seed").isVisible())) await button(page, "Settings").click();
  for (const [name, value] of Object.entries(settings)) await page.getByLabel(name).fill(value);
}

describePage("a model", () => {
  beforeAll(async () => {
    await saveTalkativeModel();
    engine = await startEngine({ folder, maxActive: 2, threads: 1 });
  });
  afterAll(() => engine.close(0));

  it("answers in parts, the same for the same seed, another for another", async () => {
    const page = await openTalkative();
    await set(page, { Seed: "7", "Most tokens of an answer": "200", Temperature: "1" });
    // How long the answer was at each change while it was being written.
    await page.evaluate(() => {
      const lengths: number[] = [];
      const observer = new MutationObserver(() => {
        const place = document.querySelector(".answering .answer");
        if (place) lengths.push(place.textContent.length);
      });
      observer.observe(document.body, { subtree: true, childList: true, characterData: true });
      Object.assign(window, { lengths });
    });
    const written = engine.load().completionTokens;
    await send(page, "The sea");
    await answered(page);
    const text = (await answer(page).textContent())!;
    const lengths = new Set((await page.evaluate("window.lengths")) as number[]);
    expect([...lengths].filter((length) => length > 0 && length < text.length).length).toBeGreaterThan(2);
    const tokens = engine.load().completionTokens - written;
    await shows(note(page), new RegExp(`^${tokens} tokens · [\\d,.]+ tokens/s( · |$)`));
    await button(page, "Regenerate").click();
    await answered(page);
    await shows(answer(page), text);
    await set(page, { Seed: "8" });
    await button(page, "Regenerate").click();
    await answered(page);
    expect(await answer(page).textContent()).not.toBe(text);
  });

  it("ends at the stop button, long before its last token", async () => {
    const page = await openTalkative();
    await set(page, { Temperature: "0" });
    const before = engine.load().completionTokens;
    await send(page, "The sea");
    await shows(answer(page), /./s);
    await button(page, "Stop").click();
    await shows(note(page), "stopped");
    await until(() => engine.load().active === 0);
    expect(engine.load().completionTokens - before).toBeLessThan(8000);
    expect(await message(page).inputValue()).toBe("");
    await set(page, { "Most tokens of an answer": "5" });
    await send(page, "And the wind?");
    await answered(page);
    await shows(note(page), /^5 tokens/);
  });
});
