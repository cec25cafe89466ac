/** The programs of examples/, copied into a project that has the package and nothing of the checkout. */
import { once } from "node:events";
import { cpSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, expect, inject, it, onTestFinished } from "vitest";
import { root, run, start, writeRecipe } from "./project.js";

const project = inject("project");
const examples = join(project, "examples");
const model = join(project, "examples-model");
const loader = ["--import", pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href];

beforeAll(async () => {
  cpSync(join(root, "examples"), examples, { recursive: true });
  // Their top-level await asks for modules.
  writeFileSync(join(examples, "package.json"), '{ "type": "module" }');
  writeRecipe(model);
  const program = join(project, "node_modules/autodidact/bin/autodidact.mjs");
  await run(process.execPath, [program, "train", "my-recipe.ts", "--out", "run"], model);
});

/** Starts an example that serves, and gives the address that it prints. */
async function serve(name: string): Promise<string> {
  const { child, end } = start(
    process.execPath,
    [...loader, join(examples, name), join(model, "run"), "0"],
    {},
  );
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  const printed = await Promise.race([once(child.stdout!, "data").then(String), end]);
  if (typeof printed !== "string") throw new Error(printed.stderr);
  return printed.trim();
}

it("train-in-a-script", async () => {
  const printed = await run(
    process.execPath,
    [...loader, join(examples, "train-in-a-script.ts"), "2"],
    project,
  );
  expect(printed).toMatch(/^validation loss \d\.\d{3} nats a character\n41 and[\s\S]+\n$/);
});

it("serve-in-hono", async () => {
  const url = await serve("serve-in-hono.ts");
  expect(await (await fetch(new URL("/", url))).text()).toBe("this app was here before");
  const body = JSON.stringify({ model: "notes", messages: [{ role: "user", content: "a" }], max_tokens: 2 });
  const headers = { "content-type": "application/json" };
  const answer = await (await fetch(url, { method: "POST", headers, body })).json();
  expect(answer).toMatchObject({ object: "chat.completion", choices: [{ message: { role: "assistant" } }] });
});

it("stream-into-a-page", async () => {
  const url = await serve("stream-into-a-page/server.ts");
  expect(await (await fetch(url)).text()).toContain("write?");
  const written = await fetch(new URL("/write?prompt=the", url));
  expect(written.headers.get("content-type")).toMatch(/^text\/plain/);
  expect((await written.text()).length).toBeGreaterThan(0);
});
