// One field per option of a command: text and number, yes/no, file, and everything chosen from a list. All have the
// same interface: `element`, `option`, `focus()`, `read()`, `fill(text)`; files: `attach(file)`.
import { OPTION } from './commands.js';
import { el } from './dom.js';
import { fileSize, plainName } from './format.js';
import { guildChoices } from './guild_choices.js';
import { icon, iconButton } from './icons.js';
import { Listbox } from './listbox.js';
import { coerce, fileError, isNumeric, placeholder } from './option_rules.js';

const AUTOCOMPLETE_WAIT_MS = 150;
const MOST_CHOICES = 25; // Discord shows no more
const FROM_GUILD = {
  [OPTION.USER]: 'user', [OPTION.CHANNEL]: 'channel', [OPTION.ROLE]: 'role', [OPTION.MENTIONABLE]: 'mentionable',
};

/**
 * The content of a field: `empty`, or a `value` (and for attachments a `file`), or an `error` sentence.
 * @typedef {{empty?: boolean, value?: any, file?: File, error?: string}} Reading
 */

/**
 * Makes the field that fits an option.
 * @param {object} option a Discord command option
 * @param {{id: string, tray: Element, store: object, sizeLimit: number, suggest: Function}} context `suggest(option,
 *   text)` asks the bot for autocomplete choices
 */
export function makeField(option, context) {
  if (option.type === OPTION.ATTACHMENT) return new FileField(option, context);
  if (option.type === OPTION.BOOLEAN) return new SwitchField(option, context);
  const source = choiceSource(option, context);
  return source ? new ChoiceField(option, context, source) : new TextField(option, context);
}

/** The source of a field's choices: the option, the bot, or the server's members; null for free text. */
function choiceSource(option, { store, suggest }) {
  if (option.choices?.length) return (text) => searched(option.choices, text);
  if (option.autocomplete) return (text) => suggest(option, text);
  const kind = FROM_GUILD[option.type];
  return kind ? (text) => searched(guildChoices(store, kind, option.channel_types), text) : null;
}

function searched(choices, text) {
  const query = text.trim().toLowerCase();
  return choices.filter(({ name }) => name.toLowerCase().includes(query));
}

function textBox(option, { id }) {
  return el('input', {
    id, class: 'field-input', type: 'text', autocomplete: 'off', spellcheck: 'false', placeholder: placeholder(option),
    inputmode: isNumeric(option) ? 'decimal' : null, 'aria-required': option.required ? 'true' : null,
  });
}

class TextField {
  constructor(option, context) {
    this.option = option;
    this.input = textBox(option, context);
    this.element = this.input;
  }

  focus() {
    this.input.focus();
  }

  fill(text) {
    this.input.value = text;
  }

  /** @returns {Reading} */
  read() {
    return this.input.value.trim() ? coerce(this.option, this.input.value) : { empty: true };
  }
}

/** Two buttons; while neither is pressed, the bot's default applies. */
class SwitchField {
  #value = null;

  constructor(option, { id }) {
    this.option = option;
    this.sides = [[true, 'Yes'], [false, 'No']].map(([value, text]) => [value, el('button', {
      type: 'button', class: 'switch-side', text, 'aria-pressed': 'false', 'aria-label': `${option.name}: ${text}`,
      id: value ? id : null, on: { click: () => this.#set(this.#value === value ? null : value) },
    })]);
    const buttons = this.sides.map(([, side]) => side);
    this.element = el('span', { class: 'switch', role: 'group', 'aria-label': option.name }, ...buttons);
  }

  focus() {
    this.sides[0][1].focus();
  }

  fill(text) {
    const { value } = coerce(this.option, text);
    this.#set(value ?? null);
  }

  /** @returns {Reading} */
  read() {
    return this.#value === null ? { empty: true } : { value: this.#value };
  }

  #set(value) {
    this.#value = value;
    for (const [side, button] of this.sides) button.setAttribute('aria-pressed', String(side === value));
    this.element.dispatchEvent(new Event('input', { bubbles: true }));
  }
}

class FileField {
  #file = null;

  constructor(option, { id, sizeLimit }) {
    this.option = option;
    this.sizeLimit = sizeLimit;
    this.input = el('input', {
      id, type: 'file', class: 'file-input', 'aria-required': option.required ? 'true' : null,
      on: { change: () => this.input.files.length && this.attach(this.input.files[0]) },
    });
    this.name = el('span', { class: 'file-name' });
    this.remove = iconButton('close', `Remove the file from ${option.name}`, 'file-remove', () => this.#clear());
    this.element = el('span', { class: 'file-field' }, this.input,
      el('label', { class: 'file-choose', for: id }, icon('upload'), this.name), this.remove);
    this.#show();
  }

  get file() {
    return this.#file;
  }

  focus() {
    this.input.focus();
  }

  /** A file cannot be typed: text for it is not used, and `coerce` says so. */
  fill() {}

  attach(file) {
    this.#file = file;
    this.#show();
  }

  /** @returns {Reading} */
  read() {
    if (!this.#file) return { empty: true };
    const error = fileError(this.option, this.#file, this.sizeLimit);
    return error ? { error } : { value: this.#file.name, file: this.#file };
  }

  #clear() {
    this.#file = null;
    this.input.value = '';
    this.#show();
    this.focus();
  }

  #show() {
    const file = this.#file;
    this.name.textContent = file ? `${plainName(file.name)} · ${fileSize(file.size)}` : 'choose or drop a file';
    this.element.classList.toggle('has-file', Boolean(file));
    this.remove.hidden = !file;
    this.element.dispatchEvent(new Event('input', { bubbles: true }));
  }
}

class ChoiceField {
  #picked = null;
  #asked = 0;
  #timer = null;

  constructor(option, context, source) {
    this.option = option;
    this.source = source;
    this.input = textBox(option, context);
    this.list = new Listbox(this.input, context.tray, `Choices for ${option.name}`, (choice) => this.#pick(choice));
    this.element = this.input;
    this.input.addEventListener('focus', () => this.#suggest(0));
    this.input.addEventListener('input', () => this.#suggest(option.autocomplete ? AUTOCOMPLETE_WAIT_MS : 0));
    this.input.addEventListener('blur', () => this.#leave());
    this.input.addEventListener('keydown', (event) => this.#key(event));
  }

  focus() {
    this.input.focus();
  }

  fill(text) {
    this.input.value = text;
    const named = this.option.choices?.find(({ name, value }) => name === text || String(value) === text);
    if (named) this.#pick(named);
  }

  /** @returns {Reading} */
  read() {
    const typed = this.input.value.trim();
    if (!typed) return { empty: true };
    if (this.#picked?.name === this.input.value) return { value: this.#picked.value };
    if (this.option.type >= OPTION.USER && this.option.type <= OPTION.MENTIONABLE) {
      return { error: `${this.option.name} must be chosen from the list.` };
    }
    return coerce(this.option, typed);
  }

  #pick(choice) {
    this.#picked = choice;
    this.input.value = choice.name;
    this.input.dispatchEvent(new CustomEvent('input', { bubbles: true, detail: 'picked' }));
  }

  #key(event) {
    if (event.key === 'Tab') {
      // Moves to the next field and takes the active row, if typing or the arrow keys chose one.
      if (this.list.isOpen && this.list.active >= 0) this.list.pick(this.list.active);
      return;
    }
    if (this.list.handleKey(event)) return;
    if (event.key === 'ArrowDown') this.#suggest(0);
  }

  #leave() {
    clearTimeout(this.#timer);
    this.#asked += 1;
    this.list.close();
  }

  #suggest(waitMs) {
    clearTimeout(this.#timer);
    const asked = (this.#asked += 1);
    // The rows answer an older text: Enter must not pick one of them.
    this.list.close();
    if (this.#picked?.name === this.input.value) return;
    if (waitMs) this.#timer = setTimeout(() => this.#ask(asked), waitMs);
    else this.#ask(asked);
  }

  async #ask(asked) {
    const choices = await this.source(this.input.value);
    if (asked !== this.#asked || document.activeElement !== this.input) return; // an older answer, or no longer wanted
    const active = this.input.value.trim() ? 0 : -1;
    this.list.show(choices.slice(0, MOST_CHOICES).map((choice) => ({ title: choice.name, data: choice })), active);
  }
}
