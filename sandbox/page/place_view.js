// The header, the sidebar (wide screens) and the banner of a lost connection.
import { avatar } from './avatar.js';
import { el } from './dom.js';
import { displayName, plainName } from './format.js';
import { icon } from './icons.js';
import { flatCommands } from './commands.js';

const LOST = 'The connection is lost. Trying again… what you see may be out of date.';

export class PlaceView {
  /**
   * @param {{header: Element, sidebar: Element, banner: Element}} places
   * @param {object} store
   * @param {(name: string) => void} openCommand called with a command's full name when one is clicked
   */
  constructor(places, store, openCommand) {
    this.places = places;
    this.store = store;
    this.openCommand = openCommand;
    for (const kind of ['place', 'commands']) store.on(kind, () => this.#render());
    store.on('connection', () => this.#connection());
  }

  #render() {
    const { store, places } = this;
    const channel = plainName(store.channel.name);
    const guild = plainName(store.guild.name);
    document.title = `#${channel} · ${guild}`;
    places.header.replaceChildren(
      el('h1', { class: 'channel-name' }, icon('hash'), el('span', { text: channel })),
      el('span', { class: 'guild-name', text: guild }),
      ...(store.bot ? [this.#presence()] : []),
    );
    places.sidebar.replaceChildren(
      el('div', { class: 'guild' }, el('span', { class: 'guild-mark', 'aria-hidden': 'true', text: [...guild][0] }),
        el('strong', { text: guild })),
      el('div', { class: 'side-scroll' }, this.#channels(channel), this.#commands(), this.#members()),
      el('div', { class: 'me' }, avatar(store.me), el('span', { class: 'me-name' },
        el('strong', { text: displayName(store.me) }), el('small', { text: store.manages ? 'this is you, an admin' : 'this is you' }))),
    );
  }

  #presence() {
    const { bot, botOnline } = this.store;
    return el('span', { class: `presence ${botOnline ? 'is-online' : 'is-offline'}`, role: 'status' },
      el('span', { class: 'dot', 'aria-hidden': 'true' }),
      el('span', { class: 'presence-name', text: displayName(bot) }),
      el('span', { text: botOnline ? 'online' : 'away' }));
  }

  #channels(name) {
    return el('section', {}, el('h2', { text: 'Channel' }),
      el('div', { class: 'side-row is-here' }, icon('hash'), el('span', { text: name })));
  }

  #commands() {
    const rows = flatCommands(this.store.commands).map((command) => el('li', {},
      el('button', {
        class: 'side-row', type: 'button', title: plainName(command.description),
        on: { click: () => this.openCommand(command.name) },
      }, icon('slash'), el('span', { text: command.name }))));
    if (!rows.length) rows.push(el('li', { class: 'side-note', text: 'None yet: the bot has not joined.' }));
    return el('section', {}, el('h2', { text: 'Commands' }), el('ul', {}, ...rows));
  }

  #members() {
    const people = [[this.store.bot, this.store.botOnline], [this.store.me, true]].filter(([user]) => user);
    const rows = people.map(([user, online]) => el('li', { class: `side-row member ${online ? '' : 'is-offline'}` },
      el('span', { class: `faced ${online ? 'is-online' : ''}` }, avatar(user, 'small'), el('span', { class: 'dot' })),
      el('span', { class: 'member-name', text: displayName(user) }),
      user.bot ? el('span', { class: 'badge', text: 'APP' }) : null));
    return el('section', {}, el('h2', { text: 'Members' }), el('ul', {}, ...rows));
  }

  #connection() {
    const { connected } = this.store;
    this.places.banner.hidden = connected;
    this.places.banner.textContent = connected ? '' : LOST;
  }
}
