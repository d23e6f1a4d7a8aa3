// The message box at the bottom: text until a command is chosen, then that command's form. Decides when to send, sends,
// and says in a sentence why it cannot be sent. Enter, the arrow button, dropped and pasted files all end up here.
import { newNonce, Refused } from './client.js';
import { CommandPicker } from './command_picker.js';
import {
  commandForFiles, flatCommands, interactionBody, matchCommand, OPTION, suggestedCommand, takesFile,
} from './commands.js';
import { el } from './dom.js';
import { icon } from './icons.js';
import { OptionForm } from './option_form.js';
import { parseOptions } from './option_rules.js';

const COMMAND = 2; // interaction types of Discord
const AUTOCOMPLETE = 4;

export class Composer {
  #form = null;
  #busy = false;

  /**
   * @param {Element} root
   * @param {object} store
   * @param {object} client
   */
  constructor(root, store, client) {
    this.store = store;
    this.client = client;
    this.tray = el('div', { class: 'tray' });
    this.input = el('input', {
      id: 'message-box', class: 'message-box', type: 'text',
      autocomplete: 'off', spellcheck: 'false', enterkeyhint: 'send',
      'aria-label': 'Message box: type a slash to choose a command', 'aria-describedby': 'box-error',
      on: {
        input: () => this.#typed(), click: () => this.#typed(),
        keydown: (event) => this.#key(event), blur: () => this.picker.close(),
      },
    });
    this.error = el('p', { class: 'form-error', id: 'box-error', role: 'alert' });
    this.place = el('div', { class: 'box-place' }, this.input);
    this.send = el('button', { type: 'button', class: 'send', on: { click: () => this.#send() } },
      icon('send'), el('span', { text: 'Send' }));
    const box = el('div', { class: 'box', on: { keydown: (event) => this.#boxKey(event) } }, this.place, this.send);
    root.append(this.tray, box, this.error);
    this.picker = new CommandPicker(this.input, this.tray, store, {
      onCommand: (command) => this.#open(command),
      onOption: (name) => this.#complete(name),
    });
    store.on('commands', () => this.#commandsChanged());
  }

  get commands() {
    return flatCommands(this.store.commands);
  }

  /** Opens a command's form by its full name, as the suggestion and the sidebar do. */
  openCommand(name) {
    const command = this.commands.find((one) => one.name === name);
    if (command) this.#open(command);
  }

  /** Takes files that were dropped or pasted anywhere on the page. @param {File[]} files */
  takeFiles(files) {
    if (this.#busy || !files.length) return;
    if (!this.#form) this.#openFor(matchCommand(this.commands, this.input.value.trim().slice(1)), files.length);
    if (!this.#form) this.#say('No command here takes a file.');
    else if (!this.#form.attach(files)) this.#form.say(`/${this.#form.command.name} has no room for that many files.`);
  }

  #commandsChanged() {
    const command = suggestedCommand(this.commands);
    this.input.placeholder = command && takesFile(command)
      ? `Type /${command.name} or drop a MIDI file` : 'Type / for commands';
    if (document.activeElement === this.input) this.#typed();
  }

  #openFor(named, fileCount) {
    const command = named && takesFile(named.command) ? named.command : commandForFiles(this.commands, fileCount);
    if (command) this.#open(command, named?.command === command ? parseOptions(command, named.rest).values : new Map());
  }

  #open(command, texts = new Map()) {
    this.picker.close();
    this.#say('');
    this.#form = new OptionForm(command, {
      tray: this.tray, store: this.store, sizeLimit: this.store.uploadLimit,
      suggest: (...asked) => this.#suggest(...asked),
    }, { onSend: () => this.#send(), onClose: () => this.#close(`/${command.name}`) });
    this.place.replaceChildren(this.#form.element);
    this.#form.fill(texts);
    if (command.options.length) this.#form.focus();
    else this.send.focus();
  }

  #close(text = '') {
    this.#form = null;
    this.tray.replaceChildren();
    this.input.value = text;
    this.place.replaceChildren(this.input);
    this.input.focus();
  }

  #complete(name) {
    this.input.value = `${this.input.value.replace(/\S*$/, '')}${name}:`;
    this.#typed();
  }

  #typed() {
    this.#say('');
    this.picker.follow(this.input.value, this.commands);
  }

  #key(event) {
    if (event.isComposing || this.picker.handleKey(event) || event.key !== 'Enter') return;
    event.preventDefault();
    this.#send();
  }

  #boxKey(event) {
    if (event.key !== 'Escape' || !this.#form || this.#busy) return;
    event.preventDefault();
    this.#close(`/${this.#form.command.name}`);
  }

  async #send() {
    if (this.#busy) return;
    if (this.#form) await this.#sendForm(this.#form);
    else await this.#sendText(this.input.value.trim());
  }

  async #sendText(text) {
    if (!text) return;
    const named = text.startsWith('/') ? matchCommand(this.commands, text.slice(1)) : null;
    if (!named) {
      this.#say(text.startsWith('/')
        ? `There is no command “${text.split(/\s/)[0]}”. Type / to see those there are.`
        : 'Only slash commands work here: type / to see them.');
      return;
    }
    const { values, error } = parseOptions(named.command, named.rest);
    if (error) {
      this.#say(error);
      return;
    }
    // Only the form checks values: it sends valid ones, and stays open at the first invalid field.
    this.#open(named.command, values);
    await this.#sendForm(this.#form);
  }

  async #sendForm(form) {
    const read = form.read();
    if (!read) return;
    const nonce = newNonce();
    this.store.begin({ nonce, command: `/${form.command.name}` });
    this.#setBusy(form, true);
    try {
      await this.client.interact({ nonce, type: COMMAND, ...interactionBody(form.command, read.options) }, read.files);
      this.#close();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.store.end(nonce);
      form.say(error.message);
    } finally {
      this.#setBusy(form, false);
      if (this.#form === form) form.focus();
    }
  }

  async #suggest(command, option, text, form) {
    const given = form.read(false).options;
    const others = given.filter(({ name, type }) => name !== option.name && type !== OPTION.ATTACHMENT);
    const asked = { name: option.name, type: option.type, value: text, focused: true };
    try {
      const answer = await this.client.interact({
        nonce: newNonce(), type: AUTOCOMPLETE, ...interactionBody(command, [...others, asked]),
      });
      return answer?.choices ?? [];
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      form.say(error.message);
      return [];
    }
  }

  #setBusy(form, busy) {
    this.#busy = busy;
    form.setBusy(busy);
    this.send.disabled = busy;
  }

  #say(sentence) {
    this.error.textContent = sentence;
  }
}
