// One embed: colour bar, author, title, description, fields, picture, thumbnail, footer.
import { el, safeUrl } from './dom.js';
import { plainName, when } from './format.js';
import { inlineMarkdown, markdown } from './markdown.js';
import { picture } from './picture.js';

/**
 * @param {object} embed a Discord embed
 * @param {object} context for mentions in its Markdown
 * @returns {HTMLElement}
 */
export function embedView(embed, context) {
  const card = el('article', { class: 'embed' },
    el('div', { class: 'embed-text' },
      embed.author?.name ? el('div', { class: 'embed-author', text: plainName(embed.author.name) }) : null,
      embed.title ? title(embed, context) : null,
      embed.description ? el('div', { class: 'embed-description md' }, markdown(embed.description, context)) : null,
      embed.fields?.length ? fieldList(embed.fields, context) : null),
    embed.thumbnail ? picture(embed.thumbnail, 'Thumbnail', 'embed-thumbnail') : null,
    embed.image ? picture(embed.image, inlineMarkdown(embed.title).textContent || 'Picture', 'embed-image') : null,
    embed.footer || embed.timestamp ? footer(embed) : null);
  if (Number.isInteger(embed.color)) card.style.setProperty('--bar', `#${embed.color.toString(16).padStart(6, '0')}`);
  return card;
}

function title(embed, context) {
  const url = embed.url ? safeUrl(embed.url) : null;
  const words = inlineMarkdown(embed.title, { ...context, inLink: Boolean(url) });
  return el('h3', { class: 'embed-title' },
    url ? el('a', { href: url.href, target: '_blank', rel: 'noopener noreferrer nofollow' }, words) : words);
}

function fieldList(fields, context) {
  return el('dl', { class: 'embed-fields' }, ...fields.map((field) => fieldView(field, context)));
}

function fieldView(field, context) {
  return el('div', { class: `embed-field ${field.inline ? 'is-inline' : ''}` },
    el('dt', {}, inlineMarkdown(field.name, context)),
    el('dd', { class: 'md' }, markdown(field.value, context)));
}

function footer({ footer: foot, timestamp }) {
  const parts = [foot?.text && plainName(foot.text), timestamp && when(timestamp)].filter(Boolean);
  return el('footer', { class: 'embed-footer', text: parts.join(' · ') });
}
