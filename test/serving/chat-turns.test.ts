/** How a conversation becomes a prompt, and where the answer ends. */
import { expect, it } from "vitest";
import { ByteTokenizer } from "../../src/features/tokenizer/byte-tokenizer.js";
import { ScriptedEngine } from "./scripted-engine.js";
import { post, start } from "./start.js";

const llamaLike =
  "{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }} [/INST]" +
  "{% elif m.role == 'system' %}{{ raise_exception('no system') }}{% else %} {{ m.content }} </s>{% endif %}{% endfor %}";
const endless = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}";
const questionsOnly =
  "{% if messages | length > 1 %}{{ raise_exception('one question') }}{% endif %}{{ messages[0].content }}";

async function asked(chat_template: string | undefined, change: object = {}) {
  const engine = new ScriptedEngine();
  const tokenizer = new ByteTokenizer([], undefined, { chat_template });
  const { url } = await start(engine, { tokenizer });
  const messages = [{ role: "user", content: "Hi" }];
  const body = { model: "tiny", messages, max_tokens: 1, stop: "X", ...change };
  const { status } = await post(`${url}/v1/chat/completions`, body);
  const [request] = engine.seen;
  return { status, stop: request?.stop, prompt: request && tokenizer.decode(request.prompt) };
}

it.each([
  [undefined, "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", ["X", "<|im_end|>"]],
  [llamaLike, "[INST] Hi [/INST]", ["X", "</s>"]],
  [endless, "user: Hi\n", ["X"]],
  [questionsOnly, "Hi", ["X"]],
])("the model's template says both: %s", async (template, prompt, stop) => {
  expect(await asked(template)).toEqual({ status: 200, prompt, stop });
});

it("JSON may quote the end of a turn", async () => {
  const { stop } = await asked(undefined, { response_format: { type: "json_object" } });
  expect(stop).toEqual(["X"]);
});

it("a conversation that the template refuses is the client's fault", async () => {
  const messages = [
    { role: "system", content: "Be brief." },
    { role: "user", content: "Hi" },
  ];
  expect((await asked(llamaLike, { messages })).status).toBe(400);
});

it("a template that does not parse is known before the first request", async () => {
  await expect(asked("{% if %}")).rejects.toThrow(/chat template does not parse/);
});
