// The link that saves an attachment under its own name.
import { el, safeUrl } from './dom.js';
import { plainName } from './format.js';
import { icon } from './icons.js';

/** @param {object} attachment a Discord attachment */
export function downloadLink(attachment) {
  const name = plainName(attachment.filename);
  return el('a', {
    class: 'download', href: safeUrl(attachment.url)?.href, download: name,
    'aria-label': `Download ${name}`, title: `Download ${name}`,
  }, icon('download'));
}
