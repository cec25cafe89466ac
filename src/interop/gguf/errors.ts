import { AutodidactError } from "../../core/errors.js";

/** A GGUF file that is damaged or holds what we do not compute, or a model that llama.cpp would not compute as we do. */
export class GgufError extends AutodidactError {}
