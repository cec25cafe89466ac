/** POST /v1/music: a piece of music, as MIDI, as sound or as a picture. */
import { z } from "zod";
import { RequestError } from "../engine/engine.js";
import { badField } from "../http/api-error.js";
import { readJson } from "../http/json-body.js";
import { requireModel } from "../http/models.js";
import type { Route } from "../http/served.js";

/** Where music is asked for. */
export const musicPath = "/v1/music";

const types = {
  mid: "audio/midi",
  wav: "audio/wav",
  mp3: "audio/mpeg",
  png: "image/png",
} as const;

/** A form that music can be sent in. */
export type MusicFormat = keyof typeof types;

/** More takes longer than anybody waits for. */
const mostBars = 64;

const request = z.strictObject({
  model: z.string().nullish(),
  /** 0 with `from`: nothing more, only the form is another. */
  bars: z.int().min(0).max(mostBars).nullish(),
  /** Quarter notes a minute. */
  tempo: z.number().min(10).max(400).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  seed: z.int().nonnegative().nullish(),
  /** A MIDI file in base64, to go on from. */
  from: z.string().min(1).nullish(),
  /** Bars of it to write anew, such as 3-4. */
  infill: z
    .string()
    .regex(/^\d+(-\d+)?$/, { error: "Give bars as 3-4, the first being 1" })
    .nullish(),
  response_format: z.enum(["mid", "wav", "mp3", "png"]).default("mid"),
});

/** What is asked for. */
export interface MusicRequest {
  readonly bars?: number;
  readonly tempo?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly seed: number;
  readonly from?: Uint8Array;
  readonly infill?: string;
  readonly format: MusicFormat;
}

/** A model of music as clients see it. */
export interface ServedMusic {
  readonly name: string;
  /** Bars of a piece where nobody says otherwise. */
  readonly bars: number;
  /** A file. Throws `RequestError` for a piece that cannot be read. */
  write(asked: MusicRequest, signal: AbortSignal): Promise<Uint8Array>;
}

/** The routes of a model of music: what it is, and what it writes. */
export function musicRoutes(music: ServedMusic): Route[] {
  const { name: model, bars } = music;
  return [
    { method: "GET", path: `${musicPath}/settings`, handle: async (c) => c.json({ model, bars }) },
    {
      method: "POST",
      path: musicPath,
      async handle(c, { limits, admission }) {
        const fields = await readJson(c, request, limits.bodyBytes);
        if (fields.model) requireModel([model], fields.model);
        const bytes = await admission
          .answer(c.req.raw.signal, (signal) => music.write(askedBy(fields), signal))
          .catch((error) => {
            throw error instanceof RequestError && fields.from ? badField(error, "from") : error;
          });
        return c.body(new Uint8Array(bytes), 200, { "content-type": types[fields.response_format] });
      },
    },
  ];
}

function askedBy({
  from,
  top_p: topP,
  response_format: format,
  seed,
  bars,
  tempo,
  temperature,
  infill,
}: z.output<typeof request>): MusicRequest {
  return {
    ...{ bars: bars ?? undefined, tempo: tempo ?? undefined, temperature: temperature ?? undefined },
    ...{ topP: topP ?? undefined, infill: infill ?? undefined, format },
    seed: seed ?? Math.floor(Math.random() * 2 ** 31),
    from: from ? new Uint8Array(Buffer.from(from.replace(/^data:[^,]*,/, ""), "base64")) : undefined,
  };
}
