/** The chat page in a real browser, and the rules that it keeps in every test. */
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from "playwright-core";
import { describe, expect, onTestFinished } from "vitest";
import type { Engine } from "../../src/serving/engine/engine.js";
import type { RunningServer, ServerOptions } from "../../src/serving/openai/server.js";
import { chatPage } from "../../src/serving/page/page.js";
import { ScriptedEngine } from "../serving/scripted-engine.js";
import { start } from "../serving/start.js";
import { findChromium, howToGetChromium } from "./chromium.js";

/** On a busy machine a browser takes its time. */
const patienceMs = 60_000;

const executablePath = findChromium();
// Where changes are checked for good, nothing is skipped.
if (executablePath === undefined && process.env.CI) throw new Error(howToGetChromium);
if (executablePath === undefined) console.warn(`Skipped. ${howToGetChromium}`);

/** Tests of pages, skipped where there is no browser for them. */
export function describePage(name: string, tests: () => void): void {
  describe.skipIf(executablePath === undefined)(name, { timeout: 2 * patienceMs }, tests);
}

/** One for all files of this process, whose end is its own. */
let browser: Promise<Browser> | undefined;
function launch(): Promise<Browser> {
  // Root, as in a container, has no sandbox.
  const args = ["--no-sandbox", "--headless=new", "--use-fake-device-for-media-stream"];
  return chromium.launch({ executablePath, args });
}

/**
 * Opens the page of a server in a profile of its own, in English unless told otherwise. When the test is done, the page
 * must have asked nobody but its server, and have had nothing to complain of.
 */
export async function open(url: string, options: BrowserContextOptions = {}): Promise<Page> {
  browser ??= launch();
  const context = await (await browser).newContext({ locale: "en-US", ...options });
  context.setDefaultTimeout(patienceMs);
  const page = await context.newPage();
  const addresses: URL[] = [];
  const faults: string[] = [];
  page.on("request", (request) => addresses.push(new URL(request.url())));
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    // Chromium's own note of a request that was refused.
    if (!message.text().startsWith("Failed to load resource")) faults.push(message.text());
  });
  onTestFinished(async () => {
    await context.close();
    const foreign = addresses.filter(({ protocol, origin }) => protocol !== "data:" && origin !== url);
    expect({ foreign, faults }).toEqual({ foreign: [], faults: [] });
  });
  await page.goto(url);
  return page;
}

/** A server with the page, for conversations that are not long. */
export function serve(engine: Engine, change: Partial<ServerOptions> = {}): Promise<RunningServer> {
  const model = { name: "tiny", contextLength: 512, created: 0 };
  return start(engine, { page: chatPage(), model, ...change });
}

/** The page of a server whose engine writes letters, at the test's pace. */
export async function openScripted(change: Partial<ServerOptions> = {}, options?: BrowserContextOptions) {
  const engine = new ScriptedEngine();
  const server = await serve(engine, change);
  return { engine, server, page: await open(server.url, options) };
}

/** An engine that gives these parts as its answer to everything. */
export function saying(...parts: string[]): ScriptedEngine {
  const engine = new ScriptedEngine();
  engine.generate = async function* (request) {
    engine.seen.push(request);
    for (const text of parts) yield { kind: "text", text, tokens: [] };
    const [promptTokens, completionTokens] = [request.prompt.length, parts.length];
    yield { kind: "end", finishReason: "stop", promptTokens, completionTokens };
  };
  return engine;
}

export const message = (page: Page) => page.locator("#message");
export const question = (page: Page) => page.locator(".question").last();
export const answer = (page: Page) => page.locator(".answer").last();
export const note = (page: Page) => page.locator(".note").last();
export const failure = (page: Page) => page.locator("#failure:visible");
export const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

/** Types a message and sends it. */
export async function send(page: Page, text: string): Promise<void> {
  await message(page).fill(text);
  await message(page).press("Enter");
}

/** Resolves when the last answer is complete. */
export const answered = (page: Page) => page.locator(".regenerate:visible").waitFor();

/** Expects what is read again and again until it is so. */
export const eventually = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: patienceMs });

/** Resolves when the text of a place is so. */
export async function shows(place: Locator, text: string | RegExp): Promise<void> {
  const found = eventually(() => place.textContent());
  await (typeof text === "string" ? found.toBe(text) : found.toMatch(text));
}

/** The body of the page's next request for an answer. */
export async function nextRequest(page: Page) {
  const request = await page.waitForRequest((sent) => sent.url().endsWith("/v1/chat/completions"));
  return request.postDataJSON();
}
