/** Pages for people with a browser: a fixed list of files, read once, so that no path reaches anything else. */
import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { Hono } from "hono";
import { etag } from "hono/etag";

/** Scripts and styles of every page. */
const shared = [
  "style.css",
  "api.mjs",
  "element.mjs",
  "failure.mjs",
  "kept.mjs",
  "key.mjs",
  "language.mjs",
  "texts.mjs",
];

/** What each page has of its own: at first what `/` shows. */
const pages = {
  chat: ["chat.html", "chat.mjs", "conversation.mjs", "exchange.mjs", "models.mjs", "settings.mjs"],
  hearing: [
    "hearing.html",
    "hearing.css",
    "hearing.mjs",
    "microphone.mjs",
    "recorder.mjs",
    "subtitles.mjs",
    "hear.mjs",
  ],
  detection: [
    "detection.html",
    "detection.css",
    "detection.mjs",
    "box-files.mjs",
    "detect.mjs",
    "picture.mjs",
  ],
  music: ["music.html", "music.css", "music.mjs", "compose.mjs", "piece.mjs"],
  sound: ["sound.html", "sound.css", "sound.mjs", "speak.mjs", "spectrogram.mjs"],
  translation: ["translation.html", "translation.css", "translation.mjs", "menus.mjs", "translate.mjs"],
} as const;

/** The name of a page. */
export type PageName = keyof typeof pages;

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
};

/** Nothing but this server: even a text that were taken for HTML could load and send nothing. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const headers = {
  "cache-control": "no-cache",
  "content-security-policy": policy,
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
};

/** The routes of a page: `/` and the files that it loads. */
export function pageNamed(name: PageName): Hono {
  const page = new Hono();
  const [html, ...own] = pages[name];
  const serve = (path: string, file: string) => {
    const text = read(file);
    page.get(path, etag(), (c) => c.body(text, 200, { ...headers, "content-type": types[extname(file)] }));
  };
  serve("/", html);
  for (const file of [...shared, ...own]) serve(`/${file}`, file);
  return page;
}

/** The page to chat with a language model. */
export const chatPage = () => pageNamed("chat");

/** A file's text; a line `<!-- part.html -->` in it stands for that file, which several pages have. */
function read(file: string): string {
  const text = readFileSync(new URL(file, import.meta.url), "utf8");
  return text.replace(/^ *<!-- (\w+\.html) -->\n/gm, (_, part) => read(part));
}
