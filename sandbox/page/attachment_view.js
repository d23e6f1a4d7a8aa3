// One attachment: an audio player, a picture, or a card for any other file.
import { audioPlayer, isPlayable } from './audio_player.js';
import { el, safeUrl } from './dom.js';
import { downloadLink } from './download_link.js';
import { fileSize, plainName } from './format.js';
import { icon } from './icons.js';
import { isPicture, picture } from './picture.js';

/** @param {object} attachment a Discord attachment @returns {HTMLElement} */
export function attachmentView(attachment) {
  const name = plainName(attachment.filename);
  if (isPlayable(attachment.content_type)) return audioPlayer(attachment);
  const shown = isPicture(attachment.content_type) && picture(attachment, plainName(attachment.description) || name);
  return shown || fileCard(attachment, name);
}

function fileCard(attachment, name) {
  return el('div', { class: 'file' }, icon('file'),
    el('span', { class: 'file-text' },
      el('a', { class: 'file-link', href: safeUrl(attachment.url)?.href, download: name }, el('bdi', { text: name })),
      el('small', { text: fileSize(attachment.size) })),
    downloadLink(attachment));
}
