import { scheduleFactor } from "../../optim/schedule.js";
import { RecipeError } from "../../recipe/errors.js";
import type { TextRecipe } from "./recipe.js";

/** Throws `RecipeError` for what can be told without reading any data. */
export function checkRecipe(recipe: TextRecipe): void {
  const { data, optimizer, training } = recipe;
  checkParts(recipe);
  if (data.validationFraction === 0 || data.validationFraction === 1) {
    throw new RecipeError(
      "training needs a text to learn from and one to validate with",
      `data.validationFraction is ${data.validationFraction}`,
      "choose a share between 0 and 1, for example 0.1",
    );
  }
  scheduleFactor(optimizer.schedule, 0, training.steps);
}

/** The objectives that learn from each format. */
const objectivesOf: Record<TextRecipe["data"]["format"], readonly TextRecipe["objective"]["kind"][]> = {
  ...{ text: ["nextToken"], chat: ["nextToken"], notes: ["nextToken"] },
  ...{ preferences: ["dpo"], tasks: ["grpo", "dpo"] },
};

/** Throws for parts that do not go together. */
function checkParts({ data, features, model, objective, optimizer, training }: TextRecipe): void {
  if (!objectivesOf[data.format].includes(objective.kind)) {
    throw new RecipeError(
      "the objective does not go with the data",
      `objective.kind ${objective.kind}, data.format ${data.format}`,
      "dpo learns from preferences and tasks, grpo from tasks, nextToken from text, chat and notes",
    );
  }
  if (objective.kind === "dpo" && (objective.answers !== undefined) !== (data.format === "tasks")) {
    throw new RecipeError(
      "preferences come from a file, or are made of the model's answers to tasks",
      `data.format ${data.format} ${objective.answers ? "with" : "without"} objective.answers`,
      "give tasks a rule with objective.answers.reward, or preferences without it",
    );
  }
  if (objective.kind === "grpo" && optimizer.averageDecay !== undefined) {
    throw new RecipeError(
      "answers are learned from by the model that wrote them, and an average of its weights is another one",
      `optimizer.averageDecay ${optimizer.averageDecay}, objective.kind grpo`,
      "leave optimizer.averageDecay out",
    );
  }
  if (objective.kind === "grpo" && training.products !== "float32") {
    throw new RecipeError(
      "answers are learned from by the model that wrote them, which writes with products in float32",
      `training.products ${training.products}, objective.kind grpo`,
      'leave training.products out, or set it to "float32"',
    );
  }
  if (features.kind === "pretrained" && features.folder === undefined && model.kind !== "pretrained") {
    throw new RecipeError(
      "a pretrained tokenizer has no place to come from",
      `features.kind pretrained without a folder, model.kind ${model.kind}`,
      "give features.folder, or a pretrained model",
    );
  }
  if (model.kind === "pretrained" && features.kind !== "pretrained") {
    throw new RecipeError(
      "a pretrained model goes on with its own tokens",
      `features.kind ${features.kind}, model.kind pretrained`,
      "set features.kind to pretrained",
    );
  }
  if (data.notes !== undefined && data.format !== "notes") {
    throw new RecipeError(
      "settings of notes belong to notes",
      `data.notes with data.format ${data.format}`,
      "leave data.notes out, or set data.format to notes",
    );
  }
  if (data.format !== "text" && features.kind === "pretrained" && features.folder !== undefined) {
    throw new RecipeError(
      "conversations are written in the tokens of the model",
      `features.folder ${features.folder}, data.format ${data.format}`,
      "leave features.folder out",
    );
  }
}
