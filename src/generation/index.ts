/**
 * Then use it: sampling text with a key/value cache, drawing images, telling classes.
 *
 * @module autodidact/generation
 */

export { compileDecoder, type DecoderSession } from "./decoder-session.js";
export { GenerationError } from "./errors.js";
export { type GenerateOptions, type Generation, generate } from "./generate.js";
export { compileClassifier } from "./images/classifier-session.js";
export { compileDenoiser } from "./images/denoiser-session.js";
export { imageGrid } from "./images/pictures.js";
export { sampleImages } from "./images/sample.js";
