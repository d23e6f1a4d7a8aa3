// One field per part of a form (Discord calls it a modal): text, menu, files, radio buttons, checkboxes, plain text. All
// share one shape: `element`, `focus()`, `read(files)`, which gives the value to send, or undefined for an empty
// field; it appends files to `files` and gives their indexes.
import { el } from './dom.js';
import { fileSize, plainName } from './format.js';
import { icon } from './icons.js';
import { markdown } from './markdown.js';
import { isSelect, SelectMenu } from './select_menu.js';

const PART = { ROW: 1, TEXT: 4, WORDS: 10, LABEL: 18, FILES: 19, RADIO: 21, TICKS: 22, TICK: 23 };
const PARAGRAPH = 2;

/**
 * The fields of a form, in order, each in its labelled row; parts without a value (plain text) have no `read`.
 * @param {object[]} components of the form
 * @param {{store: object}} context
 * @returns {{row: HTMLElement, customId?: string, field?: object, wrong?: (value: any) => string|null}[]} `wrong` says
 *   what a value lacks
 */
export function formFields(components, { store }) {
  return components.flatMap((part) => {
    if (part.type === PART.WORDS) {
      return [{ row: el('div', { class: 'md form-words' }, markdown(part.content, { store })) }];
    }
    if (part.type === PART.LABEL) return [labelled(part.component, part, store)];
    return part.components.map((control) => labelled(control, control, store));
  });
}

function labelled(control, { label, description }, store) {
  const id = `form-${control.custom_id}`;
  const field = makeField(control, { store, id, label });
  const needed = control.required !== false && control.type !== PART.TICK;
  const grouped = control.type === PART.RADIO || control.type === PART.TICKS;
  const row = el('div', { class: 'form-row' },
    el(grouped ? 'span' : 'label', { class: 'form-label', for: grouped ? null : id }, label,
      needed ? el('span', { class: 'form-needed', title: 'needed', text: ' *' }) : null),
    description ? el('p', { class: 'form-description', text: description }) : null, field.element);
  const least = control.type === PART.TEXT ? control.min_length ?? 0 : 0;
  const wrong = (value) => {
    if (!value?.length) return needed ? `“${label}” is needed.` : null;
    return value.length < least ? `“${label}” must have at least ${least} characters.` : null;
  };
  return { row, customId: control.custom_id, field, wrong };
}

function makeField(control, context) {
  if (control.type === PART.TEXT) return new TextField(control, context);
  if (isSelect(control)) return new MenuField(control, context);
  if (control.type === PART.FILES) return new FilesField(control, context);
  if (control.type === PART.TICK) return new TickField(control, context);
  return new OptionsField(control, context);
}

class TextField {
  constructor(control, { id }) {
    const shared = { id, class: 'form-text', placeholder: control.placeholder, maxlength: control.max_length };
    this.element = control.style === PARAGRAPH
      ? el('textarea', { ...shared, rows: 4 }) : el('input', { ...shared, type: 'text', autocomplete: 'off' });
    this.element.value = control.value ?? '';
  }

  focus() {
    this.element.focus();
  }

  read() {
    return this.element.value;
  }
}

class MenuField {
  constructor(control, { id, label, store }) {
    this.menu = new SelectMenu(control, { store, label, id });
    this.element = this.menu.element;
  }

  focus() {
    this.menu.focus();
  }

  read() {
    return this.menu.values;
  }
}

class FilesField {
  #files = [];

  constructor(control, { id }) {
    this.most = control.max_values ?? 1;
    this.input = el('input', {
      id, type: 'file', class: 'file-input', multiple: this.most > 1,
      on: { change: () => this.attach([...this.input.files]) },
    });
    this.names = el('span', { class: 'file-name' });
    this.element = el('span', { class: 'file-field form-files' }, this.input,
      el('label', { class: 'file-choose', for: id }, icon('upload'), this.names));
    this.attach([]);
  }

  focus() {
    this.input.focus();
  }

  /** Replaces the files. */
  attach(files) {
    this.#files = files.slice(0, this.most);
    const listed = this.#files.map((file) => `${plainName(file.name)} · ${fileSize(file.size)}`).join(', ');
    const prompt = this.most > 1 ? `choose or drop up to ${this.most} files` : 'choose or drop a file';
    this.names.textContent = listed || prompt;
    this.element.classList.toggle('has-file', files.length > 0);
  }

  read(files) {
    return this.#files.map((file) => files.push(file) - 1);
  }
}

/** Radio buttons, or checkboxes of which several may be ticked. */
class OptionsField {
  constructor(control, { id, label }) {
    this.isRadio = control.type === PART.RADIO;
    this.inputs = control.options.map((option) => {
      const input = el('input', { type: this.isRadio ? 'radio' : 'checkbox', name: id, value: option.value });
      input.checked = option.default === true;
      return [input, option];
    });
    const role = this.isRadio ? 'radiogroup' : 'group';
    this.element = el('div', { class: 'form-options', role, 'aria-label': label },
      ...this.inputs.map(([input, option]) => el('label', {}, input, el('span', { class: 'list-text' },
        el('span', { class: 'list-title', text: option.label }),
        option.description ? el('span', { class: 'list-detail', text: option.description }) : null))));
  }

  focus() {
    this.inputs[0][0].focus();
  }

  read() {
    const chosen = this.inputs.filter(([input]) => input.checked).map(([, { value }]) => value);
    return this.isRadio ? chosen[0] : chosen;
  }
}

class TickField {
  constructor(control, { id }) {
    this.element = el('input', { id, type: 'checkbox', class: 'form-tick' });
    this.element.checked = control.default === true;
  }

  focus() {
    this.element.focus();
  }

  read() {
    return this.element.checked;
  }
}
