// Pictures in messages, and the dialog that shows one large. Only pictures of this server are loaded.
import { el, ownUrl } from './dom.js';
import { icon, iconButton } from './icons.js';

const PICTURES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);

/** Whether an attachment is a picture that is shown in place (an SVG is not: it may carry scripts). */
export function isPicture(contentType = '') {
  return PICTURES.has(contentType.split(';')[0]);
}

/**
 * A picture that opens large when pressed; null for an address of another server.
 * @param {{url: string, width?: number, height?: number}} picture
 * @param {string} description
 */
export function picture({ url, width, height }, description, extraClass = '') {
  const address = ownUrl(url);
  if (!address) return null;
  // Width and height reserve the space while the picture loads, so that nothing jumps.
  const image = el('img', { src: address.href, alt: description, width, height, loading: 'lazy', decoding: 'async' });
  return el('button', {
    type: 'button', class: `picture ${extraClass}`.trim(), 'aria-label': `Enlarge: ${description}`,
    on: { click: () => enlarge(address.href, description) },
  }, image);
}

function enlarge(address, description) {
  const dialog = el('dialog', { class: 'lightbox', 'aria-label': description });
  const close = () => dialog.close();
  dialog.append(
    iconButton('close', 'Close the picture', 'lightbox-close', close),
    el('img', { src: address, alt: description, on: { click: close } }),
    el('a', { href: address, target: '_blank', rel: 'noopener noreferrer' }, icon('external'), 'Open in a new tab'));
  dialog.addEventListener('click', (event) => event.target === dialog && close());
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
