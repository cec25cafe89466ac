/** With a server that only answers; test/clients/mirror.test.ts asks one that checks signatures. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { openObjectStore } from "./object-store.js";

const keys = { AWS_ACCESS_KEY_ID: "key", AWS_SECRET_ACCESS_KEY: "secret" };

/** A store whose server gives these answers, one after another, and notes what it is asked. */
async function answering(...bodies: string[]) {
  const asked: URL[] = [];
  const server = createServer((request, response) => {
    asked.push(new URL(request.url!, "http://server"));
    response.end(bodies.shift());
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const AWS_ENDPOINT_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return { asked, store: openObjectStore("s3://bucket/some runs/", { ...keys, AWS_ENDPOINT_URL }) };
}

const contents = (key: string, size: number) =>
  `<Contents><Key>some runs/${key}</Key><LastModified/><Size>${size}</Size></Contents>`;

describe("openObjectStore", () => {
  it("lists page after page", async () => {
    const { asked, store } = await answering(
      `<ListBucketResult>${contents("a&amp;&#233;&#x21;", 1)}<NextContinuationToken>a/b=</NextContinuationToken></ListBucketResult>`,
      `<ListBucketResult>${contents("b", 2)}</ListBucketResult>`,
    );
    expect([...(await store.list())]).toEqual([
      ["a&é!", 1],
      ["b", 2],
    ]);
    expect(asked.map(({ searchParams }) => searchParams.get("continuation-token"))).toEqual([null, "a/b="]);
    expect(asked[0].searchParams.get("prefix")).toBe("some runs/");
    expect(asked[0].pathname).toBe("/bucket/");
  });

  it("asks for objects below the prefix", async () => {
    const { asked, store } = await answering("content");
    expect(Buffer.from(await store.get("a b/c+d")).toString()).toBe("content");
    expect(asked[0].pathname).toBe("/bucket/some%20runs/a%20b/c%2Bd");
  });

  it("refuses what is no address, and a store without keys", () => {
    expect(() => openObjectStore("s3:/bucket", keys)).toThrow(
      /s3:\/bucket[\s\S]*write s3:\/\/bucket\/prefix/,
    );
    expect(() => openObjectStore("s3://bucket", {})).toThrow("AWS_SECRET_ACCESS_KEY is not set");
  });
});
