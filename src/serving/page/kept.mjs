// What the browser keeps: the language for good, everything else until the tab is closed.

/**
 * @typedef {object} Chat
 * @property {import("./exchange.mjs").Exchange[]} exchanges
 * @property {string} draft what is written and not sent
 * @property {string} model
 * @property {Record<string, string>} settings
 */

/**
 * @typedef {object} Work
 * @property {string} source
 * @property {string} target
 * @property {string} text
 */

const chatName = "autodidact.chat.1"; // count up when the shape changes
const workName = "autodidact.translation.1";
const keyName = "autodidact.key";
const languageName = "autodidact.language";

/** @returns {Chat} */
export function keptChat() {
  const empty = { exchanges: [], draft: "", model: "", settings: {} };
  return { ...empty, ...JSON.parse(read("sessionStorage", chatName) ?? "{}") };
}

/** @param {Chat} chat */
export const keepChat = (chat) => write("sessionStorage", chatName, JSON.stringify(chat));

/** What was being translated. @returns {Work} */
export function keptWork() {
  const empty = { source: "auto", target: "", text: "" };
  return { ...empty, ...JSON.parse(read("sessionStorage", workName) ?? "{}") };
}

/** @param {Work} work */
export const keepWork = (work) => write("sessionStorage", workName, JSON.stringify(work));

export const keptKey = () => read("sessionStorage", keyName);

/** @param {string} key */
export const keepKey = (key) => write("sessionStorage", keyName, key);

export const keptLanguage = () => read("localStorage", languageName);

/** @param {string} language */
export const keepLanguage = (language) => write("localStorage", languageName, language);

// A browser may forbid storage, or have no room: the page works without, until it is loaded again.

/**
 * @param {"localStorage" | "sessionStorage"} storage
 * @param {string} name
 */
function read(storage, name) {
  try {
    return window[storage].getItem(name) ?? undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {"localStorage" | "sessionStorage"} storage
 * @param {string} name
 * @param {string} value
 */
function write(storage, name, value) {
  try {
    window[storage].setItem(name, value);
  } catch {}
}
