/**
 * 2 features: tokenizers and chat templates.
 *
 * @module autodidact/features
 */

export {
  ChatError,
  type ChatMessage,
  chatMl,
  chatMlTokens,
  chatTemplate,
} from "./chat/chat-template.js";
export { chatTokens, cutAtTurn } from "./chat/chat-tokens.js";
export { trainBpe } from "./tokenizer/bpe-trainer.js";
export { byteTokenizer } from "./tokenizer/byte-tokenizer.js";
export { trainCharacterTokenizer } from "./tokenizer/character-tokenizer.js";
export { loadTokenizer, saveTokenizer } from "./tokenizer/load-tokenizer.js";
export { addSpecialTokens } from "./tokenizer/special-tokens.js";
export { type Tokenizer, TokenizerError } from "./tokenizer/tokenizer.js";
