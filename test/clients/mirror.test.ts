/** Runs that are copied into an object store, with a server of S3's protocol that checks signatures. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import S3rver from "s3rver";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openObjectStore } from "../../src/interop/object-store.js";
import type {} from "../built.js";
import { startProcess, writeTinyRecipe } from "../cli/command-line.js";

const place = mkdtempSync(join(tmpdir(), "autodidact-mirror-"));
const program = join(process.cwd(), "bin/autodidact.mjs");
const folder = (name: string) => join(place, name);
const keys = { AWS_ACCESS_KEY_ID: "S3RVER", AWS_SECRET_ACCESS_KEY: "S3RVER" };
const server = new S3rver({
  port: 0,
  address: "127.0.0.1",
  silent: true,
  directory: folder("store"),
  configureBuckets: [{ name: "runs" }],
});
let environment: Record<string, string>;

beforeAll(async () => {
  const { port } = await server.run();
  environment = { ...keys, AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` };
  Object.assign(process.env, environment); // of the processes too
});
afterAll(async () => {
  await server.close();
  rmSync(place, { recursive: true, force: true });
});

const store = (prefix: string) => openObjectStore(`s3://runs/${prefix}`, environment);
const train = (...args: string[]) => startProcess(["train", ...args], { program });
const weightsOf = (run: string) => readFileSync(join(run, "checkpoints/step-000200/model.safetensors"));

it("reads what it writes, whatever the names", async () => {
  const objects = store("a place");
  const names = ["a b+c/é&<>.txt", "one", "one/more"];
  for (const name of names) await objects.put(name, Buffer.from(name));
  expect([...(await objects.list()).keys()].sort()).toEqual(names.sort());
  expect((await objects.list()).get(names[0])).toBe(Buffer.byteLength(names[0]));
  expect(Buffer.from(await objects.get("a b+c/é&<>.txt")).toString()).toBe("a b+c/é&<>.txt");
  await objects.remove("a b+c/é&<>.txt");
  await expect(objects.get("a b+c/é&<>.txt")).rejects.toThrow(/cannot be read\n.*404 NoSuchKey/);
});

it("says what is wrong with keys, addresses and servers", async () => {
  expect(() => openObjectStore("https://bucket", environment)).toThrow("write s3://bucket/prefix");
  expect(() => openObjectStore("s3://runs", {})).toThrow("AWS_ACCESS_KEY_ID");
  const guessed = openObjectStore("s3://runs", { ...environment, AWS_ACCESS_KEY_ID: "guessed" });
  await expect(guessed.list()).rejects.toThrow(/403 InvalidAccessKeyId/);
  await expect(openObjectStore("s3://none", environment).list()).rejects.toThrow(/404 NoSuchBucket/);
});

it("lets another machine go on where a killed one was, with the same bits", async () => {
  const recipe = writeTinyRecipe(place, { steps: 200, evaluateEvery: 50, checkpointEvery: 8 });
  const whole = folder("whole");
  expect((await train(recipe, "--out", whole).end).code).toBe(0);

  const [first, second] = [folder("first"), folder("second")];
  const { child, end } = train(recipe, "--out", first, "--mirror", "s3://runs/one");
  while (child.exitCode === null && !(await store("one").list()).has("checkpoints/latest")) await sleep(5);
  child.kill("SIGKILL");
  expect((await end).signal).toBe("SIGKILL");

  const { code, stderr } = await train("--resume", second, "--mirror", "s3://runs/one").end;
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/files came from s3:\/\/runs\/one/);
  expect(weightsOf(second)).toEqual(weightsOf(whole));

  // The copy is now what the run is, without the lock and what is pruned.
  const copied = [...(await store("one").list()).keys()].sort();
  const files = (readdirSync(second, { recursive: true, withFileTypes: true }) as import("node:fs").Dirent[])
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(second.length + 1));
  expect(copied).toEqual(files.sort());

  const again = await train(recipe, "--out", folder("third"), "--mirror", "s3://runs/one").end;
  expect(again.stderr).toMatch(/would be mixed with what is there/);
  expect(existsSync(folder("third"))).toBe(false);
  const behind = await train("--resume", first, "--mirror", "s3://runs/one").end;
  expect(behind.stderr).toMatch(/is ahead of it\n.*step 200; .*first: step \d+/);
  await train(recipe, "--model.numLayers", "2", "--training.steps", "8", "--out", folder("third")).end;
  const other = await train("--resume", folder("third"), "--mirror", "s3://runs/one").end;
  expect(other.stderr).toMatch(/would be mixed with what is there/);
});

it("trains on where the copy fails, and says so", async () => {
  const refusing = createServer((request, response) => {
    response.statusCode = request.method === "PUT" ? 403 : 200;
    response.end("<Error><Code>QuotaExceeded</Code></Error>");
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => refusing.once("listening", resolve));
  process.env.AWS_ENDPOINT_URL = `http://127.0.0.1:${(refusing.address() as AddressInfo).port}`;
  const recipe = writeTinyRecipe(place, { steps: 16, evaluateEvery: 8, checkpointEvery: 8 });
  const run = folder("alone");
  const { code, stderr } = await train(recipe, "--out", run, "--mirror", "s3://runs/refused").end;
  process.env.AWS_ENDPOINT_URL = environment.AWS_ENDPOINT_URL;
  refusing.close();
  expect(stderr).toMatch(/the copy in s3:\/\/runs\/refused is behind: [\s\S]*403 QuotaExceeded/);
  expect(stderr).toMatch(/all steps taken: step 16/);
  expect(code).toBe(1);
  expect(existsSync(join(run, "checkpoints/step-000016/model.safetensors"))).toBe(true);
});
