/** The official `openai` client against a recogniser. */
import { join } from "node:path";
import fc from "fast-check";
import OpenAI, { APIError, APIUserAbortError } from "openai";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { VerboseTranscript } from "../../src/generation/speech/subtitles.js";
import { toneFile } from "../sounds.js";
import { temporaryFolder } from "../temporary-folder.js";
import {
  around,
  motley,
  type SmallRecogniser,
  saveSmallRecogniser,
  serveSmallRecogniser,
  vocabulary,
} from "./small-recogniser.js";
import { errorOf } from "./start.js";

const place = temporaryFolder();
const bytes = motley(9.5);
const file = new File([bytes], "talk.wav");
let server: SmallRecogniser;
let client: OpenAI;
let heard: VerboseTranscript;

beforeAll(async () => {
  await saveSmallRecogniser(place, "en");
  server = await serveSmallRecogniser(place);
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none", maxRetries: 0 });
  const { figures } = await transcribed("json");
  heard = (figures as { results: VerboseTranscript[] }).results[0];
  expect(heard.segments!.length).toBeGreaterThan(1);
  expect(heard.words!.length).toBeGreaterThan(heard.segments!.length);
});
afterAll(() => server.close());

/** What the use says on the command line. */
async function transcribed(format: string, hot?: string[]) {
  const { named } = server;
  const use = named.kind.uses.find(({ verb }) => verb === "transcribe")!;
  const request = { options: { format, hot }, inputs: [{ name: "talk.wav", bytes }] };
  for await (const output of use.run(named, request, around)) if (output.kind === "figures") return output;
  throw new Error("nothing was heard");
}

const usage = { type: "duration", seconds: 10 };
const create = (fields: object = {}) =>
  client.audio.transcriptions.create({ model: "small", file, ...fields });

describe("a recording is written down as on the command line", () => {
  it("as json, which is the default", async () => {
    expect(await create()).toEqual({ text: heard.text, usage });
    expect(await create({ response_format: "json" })).toEqual({ text: heard.text, usage });
  });

  it.each(["text", "srt", "vtt"])("as %s", async (response_format) => {
    const { data, response } = await client.audio.transcriptions
      .create({ model: "small", file, response_format: response_format as "text" })
      .withResponse();
    expect(data).toBe(`${(await transcribed(response_format)).text}\n`);
    expect(response.headers.get("content-type")).toMatch(/^text\/plain; ?charset=utf-8$/i);
  });

  it("as verbose_json, with the fields that typed clients want", async () => {
    const { segments, ...rest } = (await create({
      response_format: "verbose_json",
    })) as OpenAI.Audio.TranscriptionVerbose;
    expect(rest).toEqual({ task: "transcribe", language: "en", duration: 9.5, text: heard.text, usage });
    expect(segments).toHaveLength(heard.segments!.length);
    for (const [i, { seek, tokens, compression_ratio, ...segment }] of segments!.entries()) {
      expect(segment).toEqual({ ...heard.segments![i], temperature: 0, no_speech_prob: 0 });
      expect(seek).toBeCloseTo(100 * segment.start, 6);
      expect(vocabulary.decode(tokens)).toBe(segment.text);
      expect(compression_ratio).toBeGreaterThan(0);
    }
  });

  it.each([
    [["word"], ["words"]],
    [["segment"], ["segments"]],
    [
      ["segment", "word"],
      ["segments", "words"],
    ],
  ])("with the times of each %s", async (timestamp_granularities, parts) => {
    const answer = await create({ response_format: "verbose_json", timestamp_granularities });
    expect(Object.keys(answer).filter((key) => /words|segments/.test(key))).toEqual(parts);
    if (parts.includes("words")) expect(answer).toMatchObject({ words: heard.words });
  });

  it.each(["json", "text"])("as a stream, asked for as %s", async (response_format) => {
    const stream = await client.audio.transcriptions.create({
      ...{ model: "small", file, stream: true as const, response_format: response_format as "json" },
    });
    const deltas: string[] = [];
    let done: unknown;
    for await (const event of stream) {
      if (event.type === "transcript.text.delta") deltas.push(event.delta);
      else done = event;
    }
    expect(deltas).toHaveLength(heard.segments!.length);
    expect(deltas.join("")).toBe(heard.text);
    expect(done).toEqual({ type: "transcript.text.done", text: heard.text });
  });

  it("and of a prompt the words are likelier", async () => {
    const { figures } = await transcribed("json", ["Bea,", "abba"]);
    const { text } = (figures as { results: VerboseTranscript[] }).results[0];
    expect(text).toMatch(/\bbea\b/);
    expect(heard.text).not.toMatch(/\bbea\b/);
    expect(await create({ prompt: " Bea, abba " })).toEqual({ text, usage });
  });

  it.each([
    ["language", "en-GB"],
    ["temperature", 0],
    ["chunking_strategy", "auto"],
    ["stream", false],
    ["prompt", ""],
    ["a_field_of_tomorrow", "x"],
  ])("with %s %j, which changes nothing", async (name, value) => {
    expect(await create({ [name]: value })).toEqual({ text: heard.text, usage });
  });

  it("while others ask, and when one who asked has gone", async () => {
    const controller = new AbortController();
    const gone = client.audio.transcriptions.create(
      { model: "small", file: new File([motley(20)], "long.wav") },
      { signal: controller.signal },
    );
    const others = [create(), create()];
    controller.abort();
    await expect(gone).rejects.toBeInstanceOf(APIUserAbortError);
    for (const other of others) expect(await other).toEqual({ text: heard.text, usage });
  });
});

it("a model that does not say its language takes any, and says that which it was told", async () => {
  const folder = join(place, "unsaid");
  await saveSmallRecogniser(folder);
  const unsaid = await serveSmallRecogniser(folder);
  onTestFinished(() => unsaid.close());
  const { audio } = new OpenAI({ baseURL: `${unsaid.url}/v1`, apiKey: "none" });
  const asked = { model: "small", file, response_format: "verbose_json" as const };
  expect(await audio.transcriptions.create({ ...asked, language: "cs" })).toMatchObject({ language: "cs" });
  expect(await audio.transcriptions.create(asked)).toMatchObject({ language: "und" });
});

describe("is refused", () => {
  const refusal = async (asked: Promise<unknown>) => {
    const error = await asked.then(
      () => undefined,
      (error: unknown) => error,
    );
    if (!(error instanceof APIError)) throw new Error(`no error of the API: ${error}`);
    return error;
  };

  it.each([
    ["temperature", 0.5, /does not support it.*give 0/],
    ["language", "fr", /another language.*"fr".*"en"/],
    ["response_format", "diarized_json", /diarized_json/],
    ["response_format", "tsv", /tsv/],
    ["timestamp_granularities", ["word"], /verbose_json/],
    ["chunking_strategy", { type: "server_vad" }, /server_vad.*give auto/],
    ["include", ["logprobs"], /logprobs.*leave it out/],
    ["known_speaker_names", ["agent"], /agent.*leave it out/],
    ["known_speaker_references", ["data:,"], /leave it out/],
  ])("%s %j", async (param, value, message) => {
    const error = await refusal(create({ [param]: value }));
    expect([error.status, error.type, error.param]).toEqual([400, "invalid_request_error", param]);
    expect(error.message).toMatch(message);
  });

  it("a time that is neither a word's nor a segment's", async () => {
    const asked = create({ response_format: "verbose_json", timestamp_granularities: ["word", "letter"] });
    expect(await refusal(asked)).toMatchObject({ status: 400, param: "timestamp_granularities[1]" });
  });

  it.each(["srt", "vtt", "verbose_json"])("a stream of %s", async (response_format) => {
    expect(await refusal(create({ stream: true, response_format }))).toMatchObject({
      status: 400,
      param: "stream",
      message: expect.stringMatching(/json or text/),
    });
  });

  it.each([
    ["no sound", new TextEncoder().encode("no sound"), /talk\.wav begins with "no sound"/],
    ["a sound cut short", toneFile(1).slice(0, 9000), /damaged or cut short/],
    ["a sound of 10 ms", toneFile(0.01), /short/],
    ["nothing", new Uint8Array(), /talk\.wav/],
  ])("a file with %s", async (_, bytes, message) => {
    const error = await refusal(create({ file: new File([bytes], "talk.wav") }));
    expect([error.status, error.param]).toEqual([400, "file"]);
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/Found: .*\. \w/);
  });

  it("a prompt that the model cannot spell", async () => {
    const error = await refusal(create({ prompt: "bad quiz" }));
    expect([error.status, error.message]).toEqual([400, expect.stringMatching(/all letters.*quiz/)]);
  });

  it("an unknown model", async () => {
    expect(await refusal(create({ model: "whisper-1" }))).toMatchObject({ status: 404, param: "model" });
  });

  it("more than 25 MiB", async () => {
    const large = new File([new Uint8Array(25 * 2 ** 20)], "large.wav");
    const { status, message } = await refusal(create({ file: large }));
    expect([status, message]).toEqual([413, expect.stringMatching(/too large.*26214400/)]);
  });

  const send = (body: BodyInit, headers?: HeadersInit) =>
    fetch(`${server.url}/v1/audio/transcriptions`, { method: "POST", body, headers }).then(errorOf);
  const formOf = (...fields: [string, string | File][]) => {
    const form = new FormData();
    for (const [name, value] of fields) form.append(name, value);
    return form;
  };

  it.each([
    ["no file", [["model", "small"]], "file", /Send a recording/],
    [
      "a text for a file",
      [
        ["model", "small"],
        ["file", "talk.wav"],
      ],
      "file",
      /"talk\.wav".*a recording/,
    ],
    [
      "two files",
      [
        ["model", "small"],
        ["file", file],
        ["file", file],
      ],
      "file",
      /a recording/,
    ],
    ["no model", [["file", file]], "model", /Name the model/],
    [
      "two languages",
      [
        ["model", "small"],
        ["file", file],
        ["language", "en"],
        ["language", "de"],
      ],
      "language",
      /"de"/,
    ],
  ] satisfies [string, [string, string | File][], string, RegExp][])(
    "%s",
    async (_, fields, param, message) => {
      expect(await send(formOf(...fields))).toMatchObject({
        ...{ status: 400, type: "invalid_request_error", param },
        message: expect.stringMatching(message),
      });
    },
  );

  it.each([
    ["too many fields", Array.from({ length: 101 }, (_, i): [string, string] => [`${i}`, "x"]), /100 parts/],
    [
      "a name that is too long",
      [["x".repeat(10_000), "x"]] as [string, string][],
      /header of more than 8192/,
    ],
  ])("a form with %s", async (_, fields, message) => {
    const refused = await send(formOf(["model", "small"], ["file", file], ...fields));
    expect(refused).toMatchObject({ status: 400, message: expect.stringMatching(message) });
  });

  it("whatever is written between boundaries, as the client's own fault", async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        ...["--x", "--x--", "\r\n", "\r\n\r\n", 'Content-Disposition: form-data; name="', 'model"', "small"],
        ...['file"; filename="', "file[]", "__proto__[a]", "Content-Type: audio/wav"],
      ),
      fc.string({ maxLength: 8 }),
    );
    const body = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(""));
    const answeredAsWrong = fc.asyncProperty(body, async (text) => {
      const { status } = await send(text, { "content-type": "multipart/form-data; boundary=x" });
      expect(status).toBe(400);
    });
    await fc.assert(answeredAsWrong, { seed: 3, numRuns: 100 });
  });

  it("what is no form, and a damaged one", async () => {
    expect(await send("{}", { "content-type": "application/json" })).toMatchObject({ status: 415 });
    const damaged = await send("--x\r\nno parts", { "content-type": "multipart/form-data; boundary=x" });
    expect(damaged).toMatchObject({ status: 400, message: expect.stringMatching(/form is damaged/) });
  });

  it("a form whose boundary another parser would read otherwise", async () => {
    const body = '--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nsmall\r\n--b--\r\n';
    for (const said of ["xboundary=z; boundary=b", 'boundary="\\b"', "boundary=a; boundary=b"]) {
      const refused = await send(body, { "content-type": `multipart/form-data; ${said}` });
      expect(refused).toMatchObject({ status: 400, message: expect.stringMatching(/form is damaged/) });
    }
    const read = await send(body, { "content-type": 'multipart/form-data; boundary="b"' });
    expect(read).toMatchObject({ status: 400, message: expect.stringMatching(/file/) });
  });
});
