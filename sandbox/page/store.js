// The page's data: members, commands, messages and the member's actions in progress. Views listen for kinds of
// change: 'place' (people, names, presence), 'commands', 'message', 'delete', 'pending', 'connection'; and for what
// this page itself has asked: 'form' (a form to fill in), 'answered' (a nonce, and a sentence if it failed).

const EPHEMERAL = 1 << 6;
const LOADING = 1 << 7;

export const isEphemeral = (message) => Boolean(message.flags & EPHEMERAL);
export const isLoading = (message) => Boolean(message.flags & LOADING);

/** Orders snowflakes, which are too long for a number. */
export function compareIds(a, b) {
  return a.length - b.length || (a < b ? -1 : Number(a > b));
}

/**
 * An action in progress; `command` is its name as it was used. `failure` is null while it waits, else the sentence that
 * says why it failed.
 * @typedef {{nonce: string, command: string|null, messageId: string|null, customId: string|null,
 *   failure: string|null}} Action
 */

export class Store {
  me = null;
  bot = null;
  botOnline = false;
  guild = null;
  channel = null;
  commands = [];
  uploadLimit = 0; // bytes
  manages = false; // whether the member may use admin commands
  connected = null; // null until the first connection was made or failed
  messages = new Map();
  actions = new Map();
  #listeners = new Map();

  on(kind, listener) {
    this.#listeners.set(kind, [...(this.#listeners.get(kind) ?? []), listener]);
  }

  #tell(kind, detail) {
    for (const listener of this.#listeners.get(kind) ?? []) listener(detail);
  }

  /** Takes one event of the server; unknown kinds are ignored. */
  apply(event) {
    const take = {
      ready: () => this.#ready(event),
      message: () => this.#put(event.message),
      delete: () => this.dismiss(event.id),
      commands: () => this.#set('commands', { commands: event.commands }),
      bot: () => this.#set('place', { botOnline: event.online, bot: event.user ?? this.bot }),
      interaction: () => this.#interaction(event),
      modal: () => this.actions.has(event.nonce) && this.#tell('form', event),
    }[event.t];
    take?.();
  }

  setConnected(connected) {
    this.#set('connection', { connected });
  }

  /** Removes a message: deleted by its author, or dismissed by the member. */
  dismiss(id) {
    if (this.messages.delete(id)) this.#tell('delete', id);
  }

  /** Remembers an action before it is sent, so that an early answer finds it. */
  begin({ nonce, command = null, messageId = null, customId = null }) {
    for (const action of this.actions.values()) {
      if (action.failure && action.messageId === messageId) this.actions.delete(action.nonce);
    }
    this.actions.set(nonce, { nonce, command, messageId, customId, failure: null });
    this.#tell('pending', messageId);
  }

  /** Forgets an action: it was answered, or its failure was dismissed. */
  end(nonce) {
    const action = this.actions.get(nonce);
    if (this.actions.delete(nonce)) this.#tell('pending', action.messageId);
  }

  fail(nonce, sentence) {
    const action = this.actions.get(nonce);
    if (!action) return;
    action.failure = sentence;
    this.#tell('pending', action.messageId);
  }

  #set(kind, values) {
    Object.assign(this, values);
    this.#tell(kind);
  }

  #ready(event) {
    const { me, bot, guild, channel, commands } = event;
    Object.assign(this, { me, bot, guild, channel, commands, botOnline: event.bot_online });
    this.uploadLimit = event.upload_limit;
    this.manages = event.manages;
    const known = new Set(event.messages.map((message) => message.id));
    for (const message of this.messages.values()) {
      // Only the page keeps ephemeral messages: the server does not send them again after a reconnect.
      if (!known.has(message.id) && !isEphemeral(message)) this.dismiss(message.id);
    }
    for (const nonce of [...this.actions.keys()]) this.end(nonce);
    this.#tell('place');
    this.#tell('commands');
    event.messages.forEach((message) => this.#put(message));
  }

  #put(message) {
    this.messages.set(message.id, message);
    this.#tell('message', message);
  }

  #interaction({ nonce, state, sentence }) {
    const failure = state === 'failed' ? sentence ?? 'The bot did not answer in time. Try again.' : null;
    if (state === 'acknowledged') this.end(nonce);
    if (failure) this.fail(nonce, failure);
    if (state !== 'created') this.#tell('answered', { nonce, failure });
  }
}
