import { createHash } from "node:crypto";
import * as fs from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { DataError } from "../../files/errors.js";
import { cacheFolder, fetchPublished, KNOWN_SETS } from "./known-set.js";

const root = await fs.mkdtemp(join(tmpdir(), "known-"));
const bytes = Buffer.alloc(300_000, "pixels");
const md5 = createHash("md5").update(bytes).digest("hex");
let requests = 0;
let folder = "";

const server = createServer((request, response) => {
  requests++;
  if (request.url === "/missing") response.writeHead(404).end();
  else if (request.url === "/cut") {
    response.writeHead(200, { "content-length": bytes.length });
    response.write(bytes.subarray(0, 1000), () => response.destroy());
  } else response.writeHead(200, { "content-length": bytes.length }).end(bytes);
});
await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

afterAll(async () => {
  server.close();
  await fs.rm(root, { recursive: true });
});

beforeEach(async () => {
  folder = join(await fs.mkdtemp(join(root, "cache-")), "new");
  requests = 0;
});

describe("a published file", () => {
  it("is fetched once, whole, with progress", async () => {
    const received: [number, number | undefined][] = [];
    const published = { url: `${base}/set`, file: "set.tar.gz", md5 };
    const path = await fetchPublished(published, {
      folder,
      onReceived: (...progress) => received.push(progress),
    });
    expect(path).toBe(join(folder, "set.tar.gz"));
    expect(bytes.equals(await fs.readFile(path))).toBe(true);
    expect(received.at(-1)).toEqual([bytes.length, bytes.length]);
    expect(received.every(([now], i) => i === 0 || now > received[i - 1][0])).toBe(true);
    expect(await fetchPublished(published, { folder })).toBe(path);
    expect([requests, await fs.readdir(folder)]).toEqual([1, ["set.tar.gz"]]);
  });

  it.each([
    [
      "of another checksum",
      "/set",
      "0".repeat(32),
      /not the one that was published[\s\S]*md5 [0-9a-f]{32}, not 0{32}/,
    ],
    ["cut short", "/cut", md5, /could not be downloaded[\s\S]*put it at .*set\.tar\.gz/],
    ["not there", "/missing", md5, /HTTP 404/],
  ])("%s is refused, and leaves nothing behind", async (_, url, checksum, message) => {
    const fetching = fetchPublished({ url: base + url, file: "set.tar.gz", md5: checksum }, { folder });
    await expect(fetching).rejects.toThrow(DataError);
    await expect(fetching).rejects.toThrow(message);
    expect(await fs.readdir(folder)).toEqual([]);
  });

  it("is no longer fetched once the signal says so, and leaves nothing behind", async () => {
    const stop = new AbortController();
    const fetching = fetchPublished(
      { url: `${base}/set`, file: "set.tar.gz", md5 },
      { folder, onReceived: () => stop.abort(new Error("enough")), signal: stop.signal },
    );
    await expect(fetching).rejects.toThrow(/^enough$/);
    expect(await fs.readdir(folder)).toEqual([]);
  });

  it("without a network says where to put it", async () => {
    const url = "http://127.0.0.1:1/set";
    await expect(fetchPublished({ url, file: "set.tar.gz", md5 }, { folder })).rejects.toThrow(
      /give its path/,
    );
  });
});

it("the cache is where the environment says", () => {
  const before = process.env.AUTODIDACT_CACHE;
  process.env.AUTODIDACT_CACHE = "/some/cache";
  expect(cacheFolder()).toBe("/some/cache");
  delete process.env.AUTODIDACT_CACHE;
  expect(cacheFolder()).toMatch(/\.cache.autodidact$/);
  if (before !== undefined) process.env.AUTODIDACT_CACHE = before;
  expect(KNOWN_SETS.cifar10!.md5).toMatch(/^[0-9a-f]{32}$/);
});
