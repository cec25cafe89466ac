/**
 * Ours beside ctranslate2_translate.py: sentences a second by beam search, float32, two threads; with THEIRS, what it
 * printed, also the share of sentences that both wrote alike.
 * Run: npx tsx bench/peers/ours_translate.mjs FOLDER TO SENTENCES BEAMS [THEIRS]
 */
import { readFileSync } from "node:fs";
import { nodeRuntime } from "../../src/core/runtime/node.js";
import { openFolder } from "../../src/files/disk.js";
import { translate } from "../../src/generation/translation/translate.js";
import { compileTranslator } from "../../src/generation/translation/translator-session.js";
import { openTranslator } from "../../src/interop/translator-folder.js";
import { sharedTranslator } from "../../src/modalities/translation/kinds/decoding-threads.js";

const [folder, to, path, beams, theirs] = process.argv.slice(2);
const sentences = readFileSync(path, "utf8").trimEnd().split("\n");
const { model, weights, tokenizer } = await openTranslator(openFolder(folder));
const alone = () => compileTranslator(nodeRuntime, model, weights, { threads: 2 });
const translator = sharedTranslator(model, folder, 2, alone);
const options = { to, beams: Number(beams), lengthPenalty: 1 };
await translate(translator, tokenizer, sentences, options);
const start = performance.now();
const found = await translate(translator, tokenizer, sentences, options);
const seconds = (performance.now() - start) / 1000;
const translations = found.map(({ text }) => text);
const shareEqual = (others) => others.filter((text, i) => text === translations[i]).length / others.length;
const result = {
  perSecond: translations.length / seconds,
  seconds,
  equal: theirs && shareEqual(JSON.parse(readFileSync(theirs, "utf8")).translations),
  translations,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
