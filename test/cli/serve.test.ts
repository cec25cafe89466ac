/** `autodidact serve` as a user starts and ends it. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { saveSmallModel } from "../serving/small-model.js";
import { motley, saveSmallRecogniser } from "../serving/small-recogniser.js";
import { autodidact, startProcess, temporaryFolder } from "./command-line.js";
import { refuse } from "./refuse.js";

const place = temporaryFolder();
let model: Awaited<ReturnType<typeof saveSmallModel>>;

beforeAll(async () => {
  model = await saveSmallModel();
});
afterAll(() => model.remove());

/** The server as a process of its own, once it listens. */
async function serve(folder: string, ...args: string[]) {
  const { child, end } = startProcess(["serve", folder, "--port", "0", ...args]);
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  const printed = await Promise.race([once(child.stdout!, "data").then(String), end]);
  if (typeof printed !== "string") throw new Error(printed.stderr);
  return { child, end, printed };
}

describe("a server", () => {
  it("prints its address, answers, and at Ctrl-C finishes what it has begun", async () => {
    const { child, end, printed } = await serve(model.folder, "--json", "--max-tokens", "150");
    const { url, model: name, ...rest } = JSON.parse(printed);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(rest).toMatchObject({ contextLength: 256, adapters: [] });
    const response = await fetch(`${url}/v1/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      // Greedy: by chance a random model would write its end token sooner or later.
      body: JSON.stringify({ model: name, prompt: "The sea", max_tokens: 150, stream: true, temperature: 0 }),
    });
    child.kill("SIGINT");
    expect(await response.text()).toMatch(/"finish_reason":"length"[\s\S]*data: \[DONE\]\n\n$/);
    expect(await end).toMatchObject({ code: 0, stderr: expect.stringContaining("finishing") });
  }, 60_000);

  it("prints a request to try, which works", async () => {
    writeFileSync(join(place, "key"), "secret\n");
    const { printed } = await serve(model.folder, "--api-key-file", join(place, "key"), "--weights", "int8");
    const command = /curl .*/.exec(printed)![0];
    const ran = await new Promise<string>((resolve) => {
      execFile("sh", ["-c", command], (_, stdout) => resolve(stdout));
    });
    expect(JSON.parse(ran).choices[0].message.role).toBe("assistant");
  }, 60_000);

  it("prints a form to try, where a model takes one", async () => {
    const [recogniser, sounds] = ["recogniser", "sounds"].map((name) => join(place, name));
    await saveSmallRecogniser(recogniser);
    mkdirSync(sounds);
    writeFileSync(join(sounds, "recording.wav"), motley(2));
    const { printed } = await serve(recogniser);
    const command = /curl .*/.exec(printed)![0];
    const ran = await new Promise<string>((resolve) => {
      execFile("sh", ["-c", command], { cwd: sounds }, (_, stdout) => resolve(stdout));
    });
    expect(JSON.parse(ran)).toEqual({ text: expect.any(String), usage: { type: "duration", seconds: 2 } });
  }, 60_000);
});

describe("refused before a model is opened", () => {
  const refused = (message: RegExp, ...args: string[]) => refuse(place, message, args);

  it("names that are taken twice", async () => {
    const { folder } = model;
    await refused(/same name[\s\S]*"a", among/, "serve", folder, "--adapter", "a=x", "--adapter", "a=y");
    await refused(/same name/, "serve", folder, "--adapter", `${basename(folder)}=x`);
  });

  it("keys that are none", async () => {
    writeFileSync(join(place, "empty"), "\n");
    writeFileSync(join(place, "two"), "a b");
    await refused(/empty or has characters/, "serve", place, "--api-key-file", join(place, "empty"));
    await refused(
      /limit of an API key is wrong[\s\S]*two, line 1: b/,
      "serve",
      place,
      "--api-key-file",
      join(place, "two"),
    );
    await refused(/cannot be read[\s\S]*absent/, "serve", place, "--api-key-file", join(place, "absent"));
    vi.stubEnv("AUTODIDACT_API_KEY", "");
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    await refused(/empty or has characters[\s\S]*AUTODIDACT_API_KEY/, "serve", place);
  });

  it("a folder without a model", () => refused(/neither a model nor a run/, "serve", place));

  it.each([
    [["--port", "65536"], /0 to 65535/],
    [["--port", "http"], /0 to 65535/],
    [["--adapter", "a"], /name=folder/],
    [["--max-queue", "-1"], /whole number/],
    [["--max-body", "1MB"], /whole number/],
    [["--allow-origin", "localhost:3000"], /origin without a path/],
    [["--allow-origin", "http://localhost:3000/"], /origin without a path/],
    [["--weights", "int2"], /Allowed choices/],
  ])("%j", async (flags, message) => {
    const { code, stderr } = await autodidact("serve", place, ...flags);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
  });
});

it("an address that is taken, or none of this machine's, is refused", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => {
    other.close();
  });
  await once(other, "listening");
  const { port } = other.address() as { port: number };
  const taken = await autodidact("serve", model.folder, "--port", String(port));
  expect([taken.code, taken.stderr]).toEqual([1, expect.stringMatching(/cannot listen[\s\S]*EADDRINUSE/)]);
  const foreign = await autodidact("serve", model.folder, "--host", "192.0.2.1");
  expect(foreign.stderr).toMatch(/warning: everyone who reaches 192\.0\.2\.1[\s\S]*cannot listen/);
}, 60_000);
