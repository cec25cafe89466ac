import { ChatError, type ChatMessage, checkTurns } from "../../data/chat/messages.js";
import type { Tokenizer } from "../tokenizer/tokenizer.js";
import { isObject, type JsonObject } from "../tokenizer/tokenizer-file.js";
import { type JinjaProgram, parseJinja, renderJinja } from "./bounded-jinja.js";
import { pythonText } from "./python-text.js";
import { strftime } from "./strftime.js";

export { ChatError, type ChatMessage } from "../../data/chat/messages.js";

/** A function that a model may ask to be called, as OpenAI's API and Hugging Face's templates have it. */
export interface ChatTool {
  readonly type: "function";
  readonly function: {
    readonly name: string;
    readonly description?: string;
    /** A JSON schema of the arguments. */
    readonly parameters?: Readonly<Record<string, unknown>>;
  };
}

/** How a conversation is rendered. */
export interface RenderOptions {
  /** Whether the text goes on to where the assistant begins to speak. */
  readonly addGenerationPrompt?: boolean;
  /** What templates that write the date take for now; the present by default. */
  readonly now?: Date;
  /** What the assistant may call. */
  readonly tools?: readonly ChatTool[];
  /** What else the template may look for, such as `enable_thinking` of Qwen3's. */
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** Writes conversations as the text that a model was, or will be, trained on. */
export interface ChatTemplate {
  /**
   * The text of a conversation.
   * @throws ChatError as `checkTurns` does, for variables that are not the caller's to give, and where the template
   * fails or refuses the messages: their order is its own to judge.
   */
  render(messages: readonly ChatMessage[], options?: RenderOptions): string;
  /** Jinja source. */
  readonly source: string;
}

/** The special tokens of `chatMl`. */
export const chatMlTokens = ["<|im_start|>", "<|im_end|>"] as const;

/** The template of tokenizers that bring none: ChatML, each turn `<|im_start|>role\ncontent<|im_end|>\n`. */
export const chatMl =
  "{% for message in messages %}" +
  "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}" +
  "{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

/**
 * The tokenizer's own template (`chat_template`, of several the one named "default", and "tool_use" where there are
 * tools), else ChatML. Templates see what they see in Hugging Face Transformers.
 * @throws ChatError when the template does not parse.
 */
export function chatTemplate(tokenizer: Pick<Tokenizer, "config">): ChatTemplate {
  const config = tokenizer.config ?? {};
  const source = templateOf(config) ?? chatMl;
  const program = parsed(source);
  const withTools = toolTemplateOf(config);
  const toolProgram = withTools === undefined ? program : parsed(withTools);
  const variables = { ...specialTokensOf(config), documents: null };
  const render = (messages: readonly ChatMessage[], options: RenderOptions = {}) => {
    checkTurns(messages);
    const { addGenerationPrompt = false, now = new Date(), tools = [], variables: own = {} } = options;
    const given = {
      ...variables,
      ...toolVariables(tools),
      messages,
      add_generation_prompt: addGenerationPrompt,
      raise_exception: refuse,
      strftime_now: (format: unknown) => strftime(now, String(format)),
    };
    const taken = Object.keys(own).find((name) => Object.hasOwn(given, name));
    if (taken !== undefined) throw notYours(taken);
    return rendered(tools.length > 0 ? toolProgram : program, { ...own, ...given });
  };
  return { source, render };
}

function templateOf({ chat_template: template }: JsonObject): string | undefined {
  if (template === undefined || template === null) return undefined;
  if (typeof template === "string") return template;
  const named = Array.isArray(template) ? template.filter(isObject) : [];
  const found = named.find(({ name }) => name === "default")?.template;
  if (typeof found === "string") return found;
  const names = named.map(({ name }) => String(name)).join(", ");
  throw new ChatError(
    "the tokenizer has no default chat template",
    names === "" ? `chat_template is ${JSON.stringify(template).slice(0, 60)}` : `it has: ${names}`,
    'write chat_template as text, or as a list with one named "default", in tokenizer_config.json',
  );
}

/** Of several templates the one for conversations with tools. */
function toolTemplateOf({ chat_template: template }: JsonObject): string | undefined {
  const named = Array.isArray(template) ? template.filter(isObject) : [];
  const found = named.find(({ name }) => name === "tool_use")?.template;
  return typeof found === "string" ? found : undefined;
}

/** Most templates look for `tools`. SmolLM3's looks for `xml_tools`, and writes each as Python prints it. */
function toolVariables(tools: readonly ChatTool[]): JsonObject {
  return tools.length === 0 ? { tools: null } : { tools, xml_tools: tools.map(pythonText) };
}

/** bos_token, eos_token and the like as text. */
function specialTokensOf(config: JsonObject): Record<string, string> {
  const tokens = Object.entries(config).filter(([name]) => name.endsWith("_token"));
  const contents = tokens.map(([name, token]) => [name, isObject(token) ? token.content : token]);
  return Object.fromEntries(contents.filter(([, content]) => typeof content === "string"));
}

function parsed(source: string): JinjaProgram {
  try {
    return parseJinja(source);
  } catch (cause) {
    throw new ChatError(
      "the chat template does not parse",
      `${messageOf(cause)}, in ${JSON.stringify(source.slice(0, 60))}`,
      "correct chat_template in tokenizer_config.json, or remove it to use ChatML",
      { cause },
    );
  }
}

function rendered(program: JinjaProgram, variables: JsonObject): string {
  try {
    return renderJinja(program, variables);
  } catch (cause) {
    if (cause instanceof ChatError) throw cause;
    throw new ChatError(
      "the chat template cannot write the conversation",
      messageOf(cause),
      "correct chat_template in tokenizer_config.json, or remove it to use ChatML",
      { cause },
    );
  }
}

function refuse(reason: unknown): never {
  throw new ChatError(
    "the chat template refuses the conversation",
    String(reason),
    "write the conversation as the model expects it, or give the tokenizer another chat_template",
  );
}

function notYours(name: string): ChatError {
  return new ChatError(
    "a variable of the chat template is set by what is asked",
    name,
    "give only variables that the template has beside it, such as enable_thinking",
  );
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
