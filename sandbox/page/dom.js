// Builds elements. Every view goes through here, and text only ever becomes a text node: nothing that a member or a
// bot writes is parsed as HTML. No styles and no handlers are written as attributes, so a strict CSP is possible.

/**
 * Makes an element.
 * @param {string} tag
 * @param {object} props `class`, `text`, `on` ({event: handler}); anything else is an attribute. null and false are
 *   left out, true is an empty attribute.
 * @param {...(Node|string|null|undefined|false)} children
 */
export function el(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'class') element.className = value;
    else if (name === 'text') element.textContent = value;
    else if (name === 'on') listen(element, value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function listen(element, handlers) {
  for (const [event, handler] of Object.entries(handlers)) element.addEventListener(event, handler);
}

/** An http(s) address as a URL, or null: `javascript:`, `data:` and the like never reach an href or a src. */
export function safeUrl(address) {
  if (typeof address !== 'string' || !URL.canParse(address, location.href)) return null;
  const url = new URL(address, location.href);
  return url.protocol === 'http:' || url.protocol === 'https:' ? url : null;
}

/** The same for files that the page loads by itself: only this server's own. */
export function ownUrl(address) {
  const url = safeUrl(address);
  return url && url.origin === location.origin ? url : null;
}
