// The page: a conversation with a model of the server that it came from.
import {
  ask,
  focusMessage,
  newChat,
  save,
  showConversation,
  startConversation,
  stopAnswer,
} from "./conversation.mjs";
import { element } from "./element.mjs";
import { showFailure, startFailures, translateFailure } from "./failure.mjs";
import { keptChat } from "./kept.mjs";
import { startKey } from "./key.mjs";
import { startLanguage } from "./language.mjs";
import { loadModels, startModels } from "./models.mjs";
import { restoreSettings, startSettings } from "./settings.mjs";

const composer = element("composer", HTMLFormElement);
const message = element("message", HTMLTextAreaElement);
const messageLabel = element("message-label", HTMLLabelElement);

function showLanguage() {
  message.placeholder = messageLabel.textContent ?? "";
  translateFailure();
  showConversation();
}

async function connect() {
  try {
    await loadModels();
  } catch (error) {
    showFailure(error, connect);
  }
}

/** @param {KeyboardEvent} event */
function sendOnEnter(event) {
  // Enter in an input method takes a suggestion. Safari ends the composition before it reports the key, as 229.
  const isComposing = event.isComposing || event.keyCode === 229;
  if (event.key !== "Enter" || event.shiftKey || isComposing) return;
  event.preventDefault();
  ask();
}

const { exchanges, draft, model, settings } = keptChat();
startFailures();
startKey();
startModels(model, save);
startSettings(save);
restoreSettings(settings);
startConversation(exchanges, draft);
startLanguage(showLanguage);

message.addEventListener("keydown", sendOnEnter);
composer.addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
element("stop", HTMLButtonElement).addEventListener("click", stopAnswer);
element("new-chat", HTMLButtonElement).addEventListener("click", newChat);
addEventListener("pagehide", () => {
  stopAnswer();
  save();
});
focusMessage();
connect();
