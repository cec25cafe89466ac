/**
 * Then use it: sampling text with a key/value cache, drawing images, telling classes.
 *
 * @module autodidact/generation
 */

export { compileDecoder, type DecoderSession } from "./decoder-session.js";
export { GenerationError } from "./errors.js";
export { endTokensOf, type GenerateOptions, type Generation, generate } from "./generate.js";
export type { CompileConstraint, TokenConstraint } from "./grammar/constraint.js";
export { jsonConstraints } from "./grammar/json-schema-constraint.js";
export { compileClassifier } from "./images/classifier-session.js";
export { compileDenoiser } from "./images/denoiser-session.js";
export { imageGrid } from "./images/pictures.js";
export { sampleImages } from "./images/sample.js";
