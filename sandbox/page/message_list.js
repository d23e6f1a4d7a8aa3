// The message log: the welcome, messages in order, and the member's commands in progress. Stays at the bottom while the
// reader is there, and does not scroll while the reader is further up.
import { avatar } from './avatar.js';
import { flatCommands, messageCommands, suggestedCommand, takesFile } from './commands.js';
import { el } from './dom.js';
import { displayName, plainName } from './format.js';
import { icon } from './icons.js';
import { MessageView } from './message_view.js';
import { compareIds } from './store.js';

const NEAR_BOTTOM_PX = 80;

export class MessageList {
  #views = new Map();
  #atBottom = true;
  #lastTop = 0;

  /**
   * @param {Element} root the element that scrolls
   * @param {object} store
   * @param {{press: Function, useOn: Function, dismiss: Function, openCommand: (name: string) => void}} actions
   */
  constructor(root, store, actions) {
    this.root = root;
    this.store = store;
    this.actions = actions;
    this.welcome = el('section', { class: 'welcome' });
    this.list = el('ol', {
      class: 'messages', role: 'log', 'aria-live': 'polite', 'aria-relevant': 'additions', 'aria-label': 'Messages',
    });
    this.pending = el('ol', { class: 'messages pending', 'aria-label': 'Commands under way' });
    this.jump = el('button', { type: 'button', class: 'jump', hidden: true, on: { click: () => this.#toBottom() } },
      icon('down'), 'New messages');
    const content = el('div', { class: 'log-content' }, this.welcome, this.list, this.pending);
    root.append(content, this.jump);
    root.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    // Pictures and edits change heights late; a reader at the bottom stays there.
    const observer = new ResizeObserver(() => this.#atBottom && this.#toBottom());
    observer.observe(content);
    observer.observe(root);
    this.#listen();
  }

  #listen() {
    this.store.on('message', (message) => this.#put(message));
    this.store.on('delete', (id) => this.#remove(id));
    this.store.on('pending', (messageId) => this.#actionChanged(messageId));
    this.store.on('commands', () => this.#commandsChanged());
    this.store.on('place', () => this.#showWelcome());
  }

  #put(message) {
    const known = this.#views.get(message.id);
    if (known) {
      known.view.update(message);
      return;
    }
    const view = new MessageView(message, { store: this.store, ...this.actions });
    const item = el('li', { 'data-id': message.id }, view.element);
    this.list.insertBefore(item, this.#following(message.id));
    this.#views.set(message.id, { view, item });
    this.jump.hidden = this.#atBottom;
  }

  #following(id) {
    let before = this.list.lastElementChild;
    while (before && compareIds(before.dataset.id, id) > 0) before = before.previousElementSibling;
    return before ? before.nextElementSibling : this.list.firstElementChild;
  }

  #remove(id) {
    const known = this.#views.get(id);
    if (!known) return;
    if (known.item.contains(document.activeElement)) this.root.focus(); // or the keyboard would start at the top again
    known.item.remove();
    this.#views.delete(id);
  }

  #actionChanged(messageId) {
    const message = this.store.messages.get(messageId);
    if (message) this.#put(message);
    const commands = [...this.store.actions.values()].filter(({ command }) => command);
    this.pending.replaceChildren(...commands.map((action) => this.#pendingRow(action)));
    if (!messageId && commands.length) this.#toBottom(); // members look at the command they just sent
  }

  #pendingRow({ nonce, command, failure }) {
    const state = failure
      ? el('p', { class: 'failure', role: 'alert' }, `${command}: ${failure} `,
        el('button', { type: 'button', class: 'as-link', text: 'Dismiss', on: { click: () => this.store.end(nonce) } }))
      : el('p', { class: 'sending' }, `Sending ${command}…`);
    const name = el('bdi', { class: 'author', text: displayName(this.store.me) });
    const head = el('header', { class: 'message-head' }, name);
    return el('li', {}, el('div', { class: 'message is-pending' }, avatar(this.store.me),
      el('div', { class: 'message-body' }, head, state)));
  }

  #commandsChanged() {
    this.root.classList.toggle('has-apps', messageCommands(this.store.commands).length > 0);
    this.#showWelcome();
  }

  #showWelcome() {
    const { store } = this;
    if (!store.channel) return;
    this.welcome.replaceChildren(
      el('span', { class: 'welcome-mark', 'aria-hidden': 'true' }, icon('hash')),
      el('h2', { text: `Welcome to #${plainName(store.channel.name)}` }),
      ...this.#invitation());
  }

  #invitation() {
    const command = suggestedCommand(flatCommands(this.store.commands));
    if (!command) return [el('p', { text: 'Nobody is here yet: the commands appear as soon as the bot has joined.' })];
    const name = `/${command.name}`;
    return [
      el('p', { class: 'invitation' }, 'Type ', el('kbd', { text: name }),
        takesFile(command) ? ', drop a MIDI file, press ' : ', press ', el('kbd', { text: 'Enter' }), '.'),
      el('button', {
        type: 'button', class: 'button button-primary', on: { click: () => this.actions.openCommand(command.name) },
      }, `Try ${name}`),
    ];
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.root;
    if (scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM_PX) {
      this.#atBottom = true;
      this.jump.hidden = true;
    } else if (scrollTop < this.#lastTop) this.#atBottom = false; // not when content has grown below
    this.#lastTop = scrollTop;
  }

  #toBottom() {
    this.#atBottom = true;
    this.jump.hidden = true;
    this.root.scrollTop = this.root.scrollHeight;
  }
}
