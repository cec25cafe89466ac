/** The functions that a request lets the model call, as OpenAI's API names them. */
import { z } from "zod";
import type { ChatTool } from "../../features/chat/chat-template.js";
import type { CallGrammar } from "../../generation/grammar/constraint.js";
import { ApiError } from "../http/api-error.js";
import { bad } from "../http/body.js";
import { optional } from "./generation-fields.js";
import type { Service } from "./service.js";

/** OpenAI's limits. */
export const mostTools = 128;
export const functionName = z.string().regex(/^[\w-]{1,64}$/, "Give 1 to 64 letters, digits, _ and -");

export const functionFields = {
  name: functionName,
  description: optional(z.string()),
  parameters: optional(z.record(z.string(), z.unknown())),
  strict: optional(z.boolean()),
};

const tool = z.object({
  type: z.literal("function", { error: "This server has no tools of its own: give type function" }),
  function: z.object(functionFields),
});

/** Fields of a request. */
export const toolFields = {
  tools: optional(z.array(tool).max(mostTools)),
  tool_choice: optional(
    z.union([
      z.enum(["none", "auto", "required"]),
      z.object({ type: z.literal("function"), function: z.object({ name: z.string() }) }),
    ]),
  ),
  parallel_tool_calls: optional(z.boolean()),
};

type AskedFunction = z.output<z.ZodObject<typeof functionFields>>;

/** Which functions a request names, and how far the model is free. */
export interface AskedTools {
  readonly functions: readonly AskedFunction[];
  readonly choice: "none" | "auto" | "required" | { readonly name: string };
  readonly areSeveral: boolean;
}

/** What the model is told, and what keeps its calls valid. */
export interface Tools {
  readonly told: readonly ChatTool[];
  readonly calls: CallGrammar;
}

/**
 * Nothing where no function may be called. Throws `ApiError` 400 for a model whose chat template has no tools, and for
 * a choice that is not among them.
 */
export function toolsOf({ functions, choice, areSeveral }: AskedTools, service: Service): Tools | undefined {
  if (functions.length === 0 && choice !== "none" && choice !== "auto") throw nothingToChoose(choice, []);
  if (functions.length === 0 || choice === "none") return undefined;
  const { toolStyle: style } = service;
  if (!style) throw noTools(service.model.name);
  const chosen =
    typeof choice === "object" ? functions.filter(({ name }) => name === choice.name) : functions;
  if (chosen.length === 0) throw nothingToChoose(choice, functions);
  const { open, argumentsKey } = style;
  return {
    told: functions.map(({ strict: _, ...told }) => ({ type: "function", function: told })),
    calls: {
      functions: chosen.map(({ name, parameters, strict: isStrict }) => ({ name, parameters, isStrict })),
      ...{ open, argumentsKey },
      isOpened: choice !== "auto",
      mayBeSeveral: areSeveral && style.areSeveral,
    },
  };
}

function noTools(model: string): ApiError {
  return new ApiError(
    400,
    "the model's chat template has no tools that this server can read the calls of",
    model,
    "leave tools out, or serve a model that was taught to call functions, such as Qwen, Llama 3 or SmolLM3",
    { param: "tools" },
  );
}

function nothingToChoose(choice: AskedTools["choice"], functions: readonly AskedFunction[]): ApiError {
  const names = functions.map(({ name }) => name).join(", ") || "none";
  return new ApiError(
    400,
    "the choice of a tool is not among the tools",
    `${typeof choice === "object" ? choice.name : choice}; there are ${names}`,
    "name one of the tools, or give auto",
    { param: "tool_choice" },
  );
}

/** The error for a field that asks for what does not go with tools. */
export function besideTools(param: string): ApiError {
  const advice = "leave one of the two out, or give tool_choice none";
  return bad("what was asked for does not go with tools", `${param} beside tools`, advice, param);
}
