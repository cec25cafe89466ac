/** The pages' files: what is sent and with which headers, what is packed, and that its scripts check. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { type PageName, pageNamed } from "../../src/serving/page/page.js";
import { startProcess } from "../cli/command-line.js";
import { ScriptedEngine } from "./scripted-engine.js";
import { saveSmallModel } from "./small-model.js";
import { errorOf, start } from "./start.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = fileURLToPath(new URL("../../src/serving/page/", import.meta.url));
const sent = readdirSync(folder).filter((name) => /\.(html|css|mjs)$/.test(name));
const run = promisify(execFile);

const pages = ["chat", "detection", "hearing", "music", "sound", "translation"] as const;
const serve = (apiKey?: string, name: PageName = "chat") =>
  start(new ScriptedEngine(), { page: pageNamed(name), apiKey });

/** The files that a file names, as a browser would load them, and those that they name. */
function loadedBy(file: string, known = new Set<string>()): Set<string> {
  const names = readFileSync(folder + file, "utf8").matchAll(
    /(?:(?:src|href)="|from "\.\/|addModule\("|<!-- )([\w.-]+)(?:"| -->)/g,
  );
  for (const [, name] of names) {
    if (known.has(name)) continue;
    known.add(name);
    loadedBy(name, known);
  }
  return known;
}

describe("the files of the pages", () => {
  it.each(pages)(
    "are sent as they are, with their types, and nothing but the %s page's own may run or load",
    async (page) => {
      const { url } = await serve("secret", page); // no key is needed for the page, which asks for it itself
      const types: Record<string, string> = { html: "text/html", css: "text/css", mjs: "text/javascript" };
      const files = [...loadedBy(`${page}.html`)].filter((name) => !name.endsWith(".html"));
      for (const name of ["", ...files]) {
        const response = await fetch(`${url}/${name}`);
        expect([name, response.status]).toEqual([name, 200]);
        if (name) expect(await response.text()).toBe(readFileSync(folder + name, "utf8"));
        const expected = {
          "content-type": `${types[name.split(".")[1] ?? "html"]}; charset=utf-8`,
          "cache-control": "no-cache",
          "content-security-policy":
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
            "img-src 'self' data: blob:; media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
          "referrer-policy": "same-origin",
          "x-content-type-options": "nosniff",
        };
        const found = Object.keys(expected).map((header) => [header, response.headers.get(header)]);
        expect(Object.fromEntries(found)).toEqual(expected);
      }
    },
  );

  it.each(pages)("of which HTML is put together: the %s page", async (page) => {
    const { url } = await serve(undefined, page);
    const html = await (await fetch(url)).text();
    expect(html).toMatch(
      /^<!doctype html>.*<title>Autodidact<\/title>.*<dialog id="key-dialog".*<\/html>\n$/s,
    );
    expect(html).not.toMatch(/<!-- \w+\.html -->/);
  });

  it("are each of some page", () => {
    const needed = pages.flatMap((page) => [`${page}.html`, ...loadedBy(`${page}.html`)]);
    expect([...new Set(needed)].sort()).toEqual(sent.toSorted());
  });

  it("are not sent again while they are the same", async () => {
    const { url } = await serve();
    const etag = (await fetch(`${url}/chat.mjs`)).headers.get("etag")!;
    const again = await fetch(`${url}/chat.mjs`, { headers: { "if-none-match": etag } });
    expect([again.status, await again.text()]).toEqual([304, ""]);
    const other = await fetch(`${url}/style.css`, { headers: { "if-none-match": etag } });
    expect(other.status).toBe(200);
  });

  it("are all that is reached, whatever the path", async () => {
    const { url } = await serve();
    const paths = [
      "/page.ts",
      "/tsconfig.json",
      "/page/page.ts",
      "/../page.ts",
      "/..%2fserver.ts",
      "/..%2f..%2f..%2fpackage.json",
      "/%2e%2e/%2e%2e/%2e%2e/package.json",
      "//etc/passwd",
      "/style.css/../../server.ts",
      "/style.css%00.ts",
      "/..\\server.ts",
      "/chat.html",
      "/key.html",
      "/translation.mjs", // of another page
    ];
    for (const path of paths) {
      // fetch would tidy the path up; a socket sends it as it is.
      const socket = connect(Number(new URL(url).port), "127.0.0.1");
      socket.end(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);
      const parts = (await socket.toArray()).map(String).join("");
      expect([path, parts]).toEqual([path, expect.stringMatching(/^HTTP\/1\.1 40[04] /)]);
    }
    const post = await fetch(url, { method: "POST", body: "a=b" });
    expect(await errorOf(post)).toMatchObject({ status: 404, code: "unknown_url" });
  });

  it("are in the package, beside the code that reads them", async () => {
    const { stdout } = await run("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: root });
    const [{ files }] = JSON.parse(stdout) as { files: { path: string }[] }[];
    const packed = files.map(({ path }) => path).filter((path) => path.startsWith("src/serving/page/"));
    expect(packed).toEqual(expect.arrayContaining(sent.map((name) => `src/serving/page/${name}`)));
  });

  it("have scripts without an error that TypeScript sees", async () => {
    const tsc = `${root}node_modules/typescript/bin/tsc`;
    await expect(run(process.execPath, [tsc, "-p", folder])).resolves.toMatchObject({ stdout: "" });
  }, 120_000);
});

describe("autodidact serve", () => {
  it("gives the page, and says where it is", async () => {
    const model = await saveSmallModel();
    onTestFinished(model.remove);
    const { child, end } = startProcess(["serve", model.folder, "--port", "0"]);
    onTestFinished(() => {
      child.kill("SIGKILL");
    });
    const printed = await Promise.race([once(child.stdout!, "data").then(String), end]);
    const address = /http:\/\/127\.0\.0\.1:\d+\/(?= in a browser)/.exec(String(printed))?.[0];
    const response = await fetch(address!);
    expect(await response.text()).toContain("<title>Autodidact</title>");
  }, 60_000);
});
