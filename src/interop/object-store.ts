/** Objects of a store that speaks S3: Amazon's, MinIO, Ceph, R2 and others. */
import { AwsClient } from "aws4fetch";
import { AutodidactError } from "../core/errors.js";

/** An object store cannot be reached, or refuses. */
export class ObjectStoreError extends AutodidactError {}

/** The objects below one prefix. Keys are relative to it. All throw `ObjectStoreError`. */
export interface ObjectStore {
  /** The address that was given, for messages. */
  readonly location: string;
  /** Sizes in bytes by key. */
  list(): Promise<Map<string, number>>;
  get(key: string): Promise<Uint8Array>;
  /** The object appears whole or not at all; 5 GB at most. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  remove(key: string): Promise<void>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Opens `s3://bucket/prefix` with the variables that Amazon's tools read: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
 * `AWS_SESSION_TOKEN`, `AWS_REGION`, and `AWS_ENDPOINT_URL` for another store than Amazon's.
 */
export function openObjectStore(location: string, environment: Environment): ObjectStore {
  const [, bucket, path = ""] = /^s3:\/\/([^/]+)(?:\/(.*))?$/.exec(location) ?? [];
  if (bucket === undefined) {
    throw new ObjectStoreError("this is no address of an object store", location, "write s3://bucket/prefix");
  }
  const folder = path.replace(/\/*$/, "");
  const prefix = folder === "" ? "" : `${folder}/`;
  const root = rootOf(bucket, environment);
  const client = new AwsClient({ ...keysOf(environment), service: "s3", region: regionOf(environment) });

  async function ask(what: string, url: string, init?: RequestInit): Promise<Response> {
    const response = await client.fetch(url, init).catch((cause: Error) => {
      throw failed(what, `${url}: ${reasonOf(cause)}`, cause);
    });
    if (response.ok) return response;
    throw failed(what, `${url}: ${response.status} ${codeOf(await response.text())}`);
  }

  const urlOf = (key: string) => root + (prefix + key).split("/").map(encodeURIComponent).join("/");
  return {
    location,
    async list() {
      const sizes = new Map<string, number>();
      for (let token: string | undefined = ""; token !== undefined; ) {
        const query = new URLSearchParams({ "list-type": "2", prefix });
        if (token) query.set("continuation-token", token);
        const page = await (await ask("cannot be listed", `${root}?${query}`)).text();
        for (const [, content] of page.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
          const key = textOf(content, "Key")!;
          sizes.set(key.slice(prefix.length), Number(textOf(content, "Size")));
        }
        token = textOf(page, "NextContinuationToken");
      }
      return sizes;
    },
    async get(key) {
      const response = await ask("cannot be read", urlOf(key));
      return new Uint8Array(await response.arrayBuffer());
    },
    async put(key, bytes) {
      await ask("cannot be written", urlOf(key), { method: "PUT", body: bytes as Uint8Array<ArrayBuffer> });
    },
    async remove(key) {
      await ask("cannot be removed", urlOf(key), { method: "DELETE" });
    },
  };
}

/** Amazon has the bucket in the host's name, others in the path. */
function rootOf(bucket: string, environment: Environment): string {
  const endpoint = environment.AWS_ENDPOINT_URL_S3 ?? environment.AWS_ENDPOINT_URL;
  if (endpoint !== undefined) return `${endpoint.replace(/\/*$/, "")}/${bucket}/`;
  return `https://${bucket}.s3.${regionOf(environment)}.amazonaws.com/`;
}

const regionOf = ({ AWS_REGION, AWS_DEFAULT_REGION = "us-east-1" }: Environment) =>
  AWS_REGION ?? AWS_DEFAULT_REGION;

function keysOf({ AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN }: Environment) {
  if (AWS_ACCESS_KEY_ID !== undefined && AWS_SECRET_ACCESS_KEY !== undefined) {
    return {
      accessKeyId: AWS_ACCESS_KEY_ID,
      secretAccessKey: AWS_SECRET_ACCESS_KEY,
      sessionToken: AWS_SESSION_TOKEN,
    };
  }
  throw new ObjectStoreError(
    "an object store needs keys",
    "AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY is not set",
    "set both; AWS_REGION and AWS_ENDPOINT_URL say where the store is",
  );
}

const failed = (what: string, found: string, cause?: Error) =>
  new ObjectStoreError(`an object ${what}`, found, "check the address, the keys and AWS_ENDPOINT_URL", {
    cause,
  });

const reasonOf = (error: Error) => (error.cause instanceof Error ? error.cause.message : error.message);

const codeOf = (body: string) => textOf(body, "Code") ?? "";

function textOf(xml: string, tag: string): string | undefined {
  const text = new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(xml)?.[1];
  return text?.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (name) return entities[name] ?? whole;
    return String.fromCodePoint(hex ? Number.parseInt(hex, 16) : Number(decimal));
  });
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
