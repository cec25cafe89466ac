/** Models of music over HTTP: pieces as files, words as OpenAI's API has texts, and a page. */
import type { SavedModel } from "../../../interop/model-folder.js";
import type { Served } from "../../../serving/http/served.js";
import { type MusicRequest, musicPath, musicRoutes } from "../../../serving/music/routes.js";
import { pageNamed } from "../../../serving/page/page.js";
import type { Named, Output, ServeRequest } from "../../modality.js";
import { serveDecoder } from "../../text/kinds/serve.js";
import { serveUses } from "../../thread/serve-uses.js";
import { usualBars } from "./write.js";

/** `POST /v1/music` with its page, and what every decoder answers. */
export async function serveMusic(named: Named<SavedModel>, request: ServeRequest): Promise<Served> {
  const { name } = request;
  const pieces = await serveUses(named, request, (_, uses) => ({
    routes: musicRoutes({
      ...{ name, bars: usualBars },
      async write({ format, from, ...asked }: MusicRequest, signal) {
        const options = {
          ...asked,
          count: 1,
          from: from && { name: "the piece", bytes: from },
        };
        const wanted = { ending: `.${format}`, each: false };
        const [output] = await uses.run("generate", { options, wanted }, signal);
        return (output as Extract<Output, { kind: "file" }>).bytes;
      },
    }),
    page: pageNamed("music"),
    details: "writes music",
    facts: {},
    example: { path: musicPath, body: { model: name, bars: usualBars } },
    bodyBytes: mostBytes,
  }));
  const words = await serveDecoder(named, request).catch(async (error) => {
    await pieces.close();
    throw error;
  });
  return {
    ...words,
    ...{ page: pieces.page, example: pieces.example, bodyBytes: pieces.bodyBytes },
    routes: [...pieces.routes, ...words.routes],
    hasFailed: async () => (await pieces.hasFailed()) || (await words.hasFailed()),
    async close() {
      await pieces.close();
      await words.close();
    },
  };
}

/** Room for a long piece of MIDI in base64. */
const mostBytes = 4 * 2 ** 20;
