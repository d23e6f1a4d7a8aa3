// A select menu: a button that shows the choice, and a list below it. A single choice applies at once, several apply
// when the list is closed. Messages send the values then; forms read them when they are sent.
import { el } from './dom.js';
import { guildChoices } from './guild_choices.js';
import { icon } from './icons.js';

const STRING_SELECT = 3;
const KINDS = { 5: 'user', 6: 'role', 7: 'mentionable', 8: 'channel' };

export const isSelect = ({ type }) => type === STRING_SELECT || type in KINDS;

function choicesOf(component, store) {
  if (component.type !== STRING_SELECT) return guildChoices(store, KINDS[component.type], component.channel_types);
  return component.options.map(({ label, value, description, emoji }) => ({
    name: label, value, description, emoji: emoji && !emoji.id ? emoji.name : null,
  }));
}

function defaultsOf(component) {
  if (component.type !== STRING_SELECT) return (component.default_values ?? []).map(({ id }) => String(id));
  return component.options.filter((option) => option.default).map(({ value }) => value);
}

export class SelectMenu {
  #values;
  #before = [];

  /**
   * @param {object} component a Discord select menu
   * @param {{store: object, label: string, picked?: string[], isWaiting?: boolean, id?: string,
   *   onPick?: (values: string[]) => void}} context `picked`: the values chosen before, else the menu's defaults
   */
  constructor(component, context) {
    this.component = component;
    this.context = context;
    this.least = component.min_values ?? 1;
    this.most = component.max_values ?? 1;
    this.choices = choicesOf(component, context.store);
    this.#values = context.picked ?? defaultsOf(component);
    this.#build();
    this.#show();
  }

  /** The chosen values, in the order of the list. */
  get values() {
    return this.choices.map(({ value }) => value).filter((value) => this.#values.includes(value));
  }

  focus() {
    this.face.focus();
  }

  #build() {
    const { component, context } = this;
    const many = this.most > 1;
    this.text = el('span', { class: 'select-text' });
    this.face = el('button', {
      type: 'button', class: `select-face ${context.isWaiting ? 'is-waiting' : ''}`, id: context.id,
      disabled: component.disabled === true, 'data-custom-id': component.custom_id,
      'aria-haspopup': 'listbox', 'aria-expanded': 'false', 'aria-busy': context.isWaiting ? 'true' : null,
      on: { click: () => context.isWaiting || this.#toggle() },
    }, this.text, icon('down'));
    this.rows = this.choices.map((choice) => this.#row(choice));
    this.list = el('div', { class: 'select-rows', role: 'listbox', 'aria-label': context.label,
      'aria-multiselectable': many ? 'true' : null }, ...this.rows);
    const done = many ? el('button', { type: 'button', class: 'as-link select-done', text: 'Done',
      on: { click: () => this.#close() } }) : null;
    this.panel = el('div', { class: 'select-panel', hidden: true, tabindex: '-1' }, this.list,
      many || !this.rows.length ? el('p', { class: 'select-foot' }, this.#bounds(), done) : null);
    this.element = el('div', { class: 'select', on: {
      keydown: (event) => this.#key(event),
      focusout: (event) => this.element.contains(event.relatedTarget) || this.#close(false),
    } }, this.face, this.panel);
  }

  #bounds() {
    if (!this.choices.length) return 'There is nothing to choose from.';
    const most = Math.min(this.most, this.choices.length);
    if (this.least === most) return `Choose ${most}.`;
    return this.least ? `Choose ${this.least} to ${most}.` : `Choose up to ${most}.`;
  }

  #row(choice) {
    return el('button', {
      type: 'button', class: 'select-row', role: 'option', 'aria-selected': 'false', tabindex: '-1',
      on: { click: () => this.#pick(choice.value) },
    },
    choice.emoji ? el('span', { 'aria-hidden': 'true', text: choice.emoji }) : null,
    el('span', { class: 'list-text' }, el('span', { class: 'list-title', text: choice.name }),
      choice.description ? el('span', { class: 'list-detail', text: choice.description }) : null));
  }

  #pick(value) {
    const chosen = this.#values.includes(value);
    if (this.most > 1) {
      if (chosen) this.#values = this.#values.filter((one) => one !== value);
      else if (this.#values.length < this.most) this.#values = [...this.#values, value];
      this.#show();
      return;
    }
    this.#values = chosen && this.#isEnough(0) ? [] : [value];
    this.#hide();
    this.#show();
    this.context.onPick?.(this.values);
  }

  #isEnough(count) {
    return count >= this.least || (count === 0 && this.component.required === false);
  }

  #toggle() {
    if (!this.panel.hidden) {
      this.#close();
      return;
    }
    this.#before = this.values;
    this.panel.hidden = false;
    this.face.setAttribute('aria-expanded', 'true');
    (this.rows.find((row) => row.getAttribute('aria-selected') === 'true') ?? this.rows[0])?.focus();
    this.panel.scrollIntoView({ block: 'nearest' });
  }

  #hide(keepsFocus = true) {
    if (keepsFocus) this.face.focus();
    this.panel.hidden = true;
    this.face.setAttribute('aria-expanded', 'false');
  }

  /** Closes the list. If several may be chosen they apply now; too few are reset. */
  #close(keepsFocus = true) {
    if (this.panel.hidden) return;
    this.#hide(keepsFocus);
    if (this.most === 1) return;
    if (!this.#isEnough(this.#values.length)) this.#values = this.#before;
    this.#show();
    if (this.values.join('\n') !== this.#before.join('\n')) this.context.onPick?.(this.values);
  }

  #key(event) {
    if (this.panel.hidden) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === 'Escape') this.#close();
    else if (step && this.rows.length) {
      const at = this.rows.indexOf(document.activeElement);
      this.rows.at((at + step) % this.rows.length).focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #show() {
    const names = this.choices.filter(({ value }) => this.#values.includes(value)).map(({ name }) => name);
    const prompt = this.component.placeholder || 'Make a selection';
    this.text.textContent = names.join(', ') || prompt;
    this.face.classList.toggle('is-empty', !names.length);
    this.face.setAttribute('aria-label', `${this.context.label}: ${names.join(', ') || 'nothing chosen'}`);
    this.choices.forEach(({ value }, index) => {
      const chosen = this.#values.includes(value);
      this.rows[index].setAttribute('aria-selected', String(chosen));
      this.rows[index].disabled = !chosen && this.most > 1 && this.#values.length >= this.most;
    });
  }
}
