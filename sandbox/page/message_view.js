// One message, kept in step with the store. Each part (content, attachments, embeds, buttons) is rebuilt only when its
// own data changed, and attachments are kept by id: audio keeps playing while the text above it is edited.
import { actionRows } from './action_rows.js';
import { attachmentView } from './attachment_view.js';
import { avatar } from './avatar.js';
import { MESSAGE_COMMAND } from './commands.js';
import { el, ownUrl } from './dom.js';
import { embedView } from './embed_view.js';
import { displayName, when } from './format.js';
import { icon } from './icons.js';
import { markdown } from './markdown.js';
import { messageMenu } from './message_menu.js';
import { isEphemeral, isLoading } from './store.js';

export class MessageView {
  #keys = new Map();
  #attachments = new Map();
  #chosen = new Map(); // custom id of a menu -> the values last sent
  #components = ''; // the components that they were chosen from

  /**
   * @param {object} message
   * @param {{store: object, press: (message: object, customId: string, values?: string[]) => void,
   *   useOn: (message: object, command: object) => void, dismiss: (id: string) => void}} context
   */
  constructor(message, context) {
    this.context = context;
    this.id = message.id;
    this.parts = Object.fromEntries(['reply', 'content', 'attachments', 'embeds', 'components', 'failure', 'private']
      .map((name) => [name, el('div', { class: `part-${name}` })]));
    const { reply, ...below } = this.parts;
    const author = displayName(message.author);
    this.element = el('article', { class: 'message', 'aria-label': `Message of ${author}` },
      reply, avatar(message.author), el('div', { class: 'message-body' }, this.#head(message), ...Object.values(below)),
      messageMenu(context.store, (command) => context.useOn(message, command)));
    this.update(message);
  }

  /** Shows the message as it now is, and the state of the actions on it. */
  update(message) {
    const thinking = isLoading(message);
    this.element.classList.toggle('is-private', isEphemeral(message));
    this.element.classList.toggle('is-thinking', thinking);
    this.#part('reply', message.interaction_metadata, replyLine);
    this.#part('content', [message.content, thinking], () => this.#content(message));
    this.#showAttachments(message);
    this.#part('embeds', message.embeds, (embeds) => embeds.map((embed) => embedView(embed, this.#names(message))));
    this.#showButtons(message);
    this.#part('private', isEphemeral(message), (ephemeral) => (ephemeral ? [this.#privateLine()] : []));
  }

  #content(message) {
    if (isLoading(message)) return [thinkingLine(message)];
    return message.content ? [el('div', { class: 'md' }, markdown(message.content, this.#names(message)))] : [];
  }

  #names(message) {
    return { store: this.context.store, mentions: message.mentions };
  }

  #part(name, data, build) {
    const key = JSON.stringify(data ?? null, withoutSignature);
    if (this.#keys.get(name) === key) return;
    this.#keys.set(name, key);
    this.parts[name].replaceChildren(...(data ? build(data) : []));
  }

  #head(message) {
    return el('header', { class: 'message-head' },
      el('bdi', { class: 'author', text: displayName(message.author) }),
      message.author.bot ? el('span', { class: 'badge', text: 'APP' }) : null,
      el('time', { class: 'stamp', datetime: message.timestamp, text: when(message.timestamp) }));
  }

  #showAttachments(message) {
    // Files that an embed shows by `attachment://` are shown only there.
    const inEmbeds = new Set(message.embeds.flatMap(({ image, thumbnail }) => [image, thumbnail])
      .map((shown) => ownUrl(shown?.url)?.pathname));
    const wanted = message.attachments.filter(({ url }) => !inEmbeds.has(ownUrl(url)?.pathname));
    const ids = new Set(wanted.map(({ id }) => id));
    for (const [id, element] of this.#attachments) {
      if (ids.has(id)) continue;
      element.remove();
      this.#attachments.delete(id);
    }
    for (const attachment of wanted) {
      if (this.#attachments.has(attachment.id)) continue;
      const element = attachmentView(attachment);
      this.#attachments.set(attachment.id, element);
      this.parts.attachments.append(element); // never moved afterwards: moving stops audio
    }
  }

  #showButtons(message) {
    const mine = [...this.context.store.actions.values()].filter(({ messageId }) => messageId === message.id);
    const waiting = mine.filter(({ failure }) => !failure).map(({ customId }) => customId);
    const failures = mine.map(({ failure }) => failure).filter(Boolean);
    const held = document.activeElement;
    const focused = this.parts.components.contains(held) ? held.dataset.customId : null;
    const components = JSON.stringify(message.components);
    if (components !== this.#components) this.#chosen.clear(); // the bot's new menus come with its own choices
    this.#components = components;
    this.#part('components', [message.components, waiting], () => actionRows(message.components ?? [], {
      store: this.context.store, waiting: new Set(waiting), chosen: this.#chosen,
      press: (customId, values) => this.#press(message, customId, values),
    }));
    if (focused) this.#refocus(focused);
    this.#part('failure', failures, () => failures.map((text) => el('p', { class: 'failure', role: 'alert', text })));
  }

  #press(message, customId, values) {
    if (values) this.#chosen.set(customId, values);
    this.context.press(message, customId, values);
  }

  #refocus(customId) {
    [...this.parts.components.querySelectorAll('button')].find(({ dataset }) => dataset.customId === customId)?.focus();
  }

  #privateLine() {
    return el('p', { class: 'private-line' }, icon('eye'), el('span', { text: 'Only you can see this' }),
      el('button', {
        type: 'button', class: 'as-link', text: 'Dismiss message', on: { click: () => this.context.dismiss(this.id) },
      }));
  }
}

/** Leaves the signature out of URLs: a file with a new signature is the same file. */
function withoutSignature(key, value) {
  return key === 'url' || key === 'proxy_url' ? String(value).split('?')[0] : value;
}

function replyLine({ user, ...metadata }) {
  const { name, command_type: type } = metadata.name ? metadata : metadata.triggering_interaction_metadata ?? {};
  if (!user || !name) return [];
  return [el('div', { class: 'reply' }, icon('reply'), avatar(user, 'tiny'),
    el('bdi', { class: 'reply-name', text: displayName(user) }),
    el('span', { text: ' used ' }),
    el('span', { class: 'reply-command', text: type === MESSAGE_COMMAND ? name : `/${name}` }))];
}

function thinkingLine(message) {
  const dots = el('span', { class: 'dots', 'aria-hidden': 'true' }, el('i'), el('i'), el('i'));
  return el('p', { class: 'thinking' }, dots, `${displayName(message.author)} is thinking…`);
}
