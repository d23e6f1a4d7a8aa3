// A list to choose from, above the message box: the slash-command picker and every choice field use it. It draws the
// rows and keeps the active one; the owner keeps the focus in its text box and calls `handleKey` first.
import { el } from './dom.js';

let count = 0;

/** @typedef {{title: string, detail?: string, lead?: Node, mark?: string, data: any}} Row */

export class Listbox {
  rows = [];
  active = -1;
  #shown = [];

  /**
   * @param {HTMLInputElement} input the text box that keeps the focus
   * @param {Element} tray where the list appears
   * @param {string} label what the list holds, for screen readers
   * @param {(data: any) => void} onPick
   */
  constructor(input, tray, label, onPick) {
    this.input = input;
    this.tray = tray;
    this.onPick = onPick;
    this.id = `list-${count += 1}`;
    this.heading = el('div', { class: 'list-head', 'aria-hidden': 'true', text: label });
    this.list = el('ul', { class: 'list', role: 'listbox', id: this.id, 'aria-label': label });
    this.element = el('div', { class: 'listbox' }, this.heading, this.list);
    // A press must not take the focus from the text box.
    this.element.addEventListener('mousedown', (event) => event.preventDefault());
    input.setAttribute('role', 'combobox');
    input.setAttribute('aria-autocomplete', 'list');
    input.setAttribute('aria-controls', this.id);
    input.setAttribute('aria-expanded', 'false');
  }

  get isOpen() {
    return this.element.isConnected;
  }

  /** Shows rows, or closes on none. @param {Row[]} rows @param {number} active row picked by Enter, -1 for none */
  show(rows, active = 0) {
    if (!rows.length) return this.close();
    this.rows = rows;
    this.#shown = rows.map((row, index) => this.#row(row, index));
    this.list.replaceChildren(...this.#shown);
    if (!this.isOpen) this.tray.append(this.element);
    this.input.setAttribute('aria-expanded', 'true');
    return this.#activate(Math.min(active, rows.length - 1));
  }

  close() {
    this.element.remove();
    this.rows = [];
    this.input.setAttribute('aria-expanded', 'false');
    this.input.removeAttribute('aria-activedescendant');
  }

  /** Takes the keys that belong to an open list. @returns {boolean} whether the key was used */
  handleKey(event) {
    if (!this.isOpen || event.isComposing) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.#activate(this.#beside(step));
    else if (event.key === 'Escape') this.close();
    else if (event.key === 'Enter' && this.active >= 0) this.pick(this.active);
    else if (event.key === 'Tab' && !event.shiftKey) this.pick(Math.max(this.active, 0));
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  #beside(step) {
    const count = this.rows.length;
    return this.active < 0 && step < 0 ? count - 1 : (this.active + step + count) % count;
  }

  pick(index) {
    const { data } = this.rows[index];
    this.close();
    this.onPick(data);
  }

  #row(row, index) {
    return el('li', {
      class: 'list-row', role: 'option', id: `${this.id}-${index}`, 'aria-selected': 'false',
      on: { click: () => this.pick(index), mousemove: () => this.#activate(index) },
    },
    row.lead ?? null,
    el('span', { class: 'list-text' }, el('span', { class: 'list-title', text: row.title }),
      row.detail ? el('span', { class: 'list-detail', text: row.detail }) : null),
    row.mark ? el('span', { class: 'list-mark', text: row.mark }) : null);
  }

  #activate(index) {
    this.#shown[this.active]?.setAttribute('aria-selected', 'false');
    this.active = index;
    const row = this.#shown[index];
    if (!row) return this.input.removeAttribute('aria-activedescendant');
    row.setAttribute('aria-selected', 'true');
    row.scrollIntoView({ block: 'nearest' });
    return this.input.setAttribute('aria-activedescendant', row.id);
  }
}
