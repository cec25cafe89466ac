/**
 * The fields of a transcription as OpenAI's API has them. Those that would change the answer in a way that no recogniser
 * here can are refused; fields that nobody here has heard of are ignored, because clients send new ones all the time.
 */
import { z } from "zod";

/** OpenAI's limit of a whole request. */
export const mostTranscriptionBytes = 25 * 2 ** 20;

const unsupported = (neutral?: string) => ({
  error: `This server does not support it; leave it out${neutral ? ` or give ${neutral}` : ""}`,
});
const absent = z.undefined(unsupported()).optional();

export const transcriptionRequest = z
  .object({
    file: z.instanceof(File, { error: "Send a recording as a file of the form" }),
    model: z.string({ error: "Name the model" }),
    language: z.string().optional(),
    prompt: z.string().max(1000).optional(),
    response_format: z.enum(["json", "text", "srt", "vtt", "verbose_json"]).default("json"),
    temperature: z
      .string()
      .refine((value) => Number(value) === 0, unsupported("0"))
      .optional(),
    timestamp_granularities: z.array(z.enum(["word", "segment"])).optional(),
    stream: z
      .enum(["true", "false"])
      .default("false")
      .transform((value) => value === "true"),
    /** Long sound is always cut at its pauses. */
    chunking_strategy: z.literal("auto", unsupported("auto")).optional(),
    include: absent,
    known_speaker_names: absent,
    known_speaker_references: absent,
  })
  .refine((fields) => !fields.timestamp_granularities || fields.response_format === "verbose_json", {
    path: ["timestamp_granularities"],
    error: "Leave it out or ask for response_format verbose_json, the only one with times of its own choice",
  })
  .refine(({ stream, response_format }) => !stream || /^(json|text)$/.test(response_format), {
    path: ["stream"],
    error:
      "Ask for response_format json or text, or for the answer at once: what is streamed is the text alone",
  });

export type TranscriptionRequest = z.output<typeof transcriptionRequest>;
