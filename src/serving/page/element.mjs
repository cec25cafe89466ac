/**
 * The element with the id.
 * @template {HTMLElement} E
 * @param {string} id
 * @param {new () => E} type
 */
export function element(id, type) {
  const found = document.getElementById(id);
  if (found instanceof type) return found;
  throw new Error(`the page has no ${type.name} called ${id}`);
}
