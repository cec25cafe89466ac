// A piece on the page: its notes, a player, what can be done with it.
import { translate } from "./language.mjs";

/**
 * Shows a piece.
 * @param {{ name: string, midi: Blob, picture: Blob, sound: Blob }} piece
 * @param {() => void} goOn writes more after it
 * @returns {HTMLElement}
 */
export function pieceElement({ name, midi, picture, sound }, goOn) {
  const figure = document.createElement("figure");
  const notes = document.createElement("img");
  notes.src = URL.createObjectURL(picture);
  notes.alt = name;
  const player = document.createElement("audio");
  player.controls = true;
  player.src = URL.createObjectURL(sound);
  const caption = document.createElement("figcaption");
  const more = document.createElement("button");
  more.type = "button";
  more.dataset.text = "Go on from it";
  more.addEventListener("click", goOn);
  caption.append(linkTo(midi, `${name}.mid`), linkTo(sound, `${name}.wav`), more);
  figure.append(notes, player, caption);
  translate(figure);
  return figure;
}

/**
 * @param {Blob} file
 * @param {string} name
 */
function linkTo(file, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.textContent = name;
  return link;
}
