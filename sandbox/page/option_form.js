// A chosen command in the message box: its name, one labelled field per option (required ones first), the help of the
// focused field, and its error. Only reads the fields; the composer sends.
import { OPTION } from './commands.js';
import { el } from './dom.js';
import { iconButton } from './icons.js';
import { makeField } from './option_fields.js';
import { OptionFold } from './option_fold.js';

export class OptionForm {
  #fields = [];
  #fold;
  #errors = new Map(); // option name -> sentence

  /**
   * @param {object} command a flat command
   * @param {object} context see `makeField`; its `suggest` also gets this form's values
   * @param {{onSend: () => void, onClose: () => void}} actions
   */
  constructor(command, context, actions) {
    this.command = command;
    this.actions = actions;
    this.hint = el('p', { class: 'form-hint', id: 'form-hint' });
    this.error = el('p', { class: 'form-error', role: 'alert', id: 'form-error' });
    this.#fields = command.options.map((option, index) => this.#labelled(option, {
      ...context, id: `option-${index}`, suggest: (asked, text) => context.suggest(command, asked, text, this),
    }));
    this.#fold = new OptionFold(this.#fields);
    this.element = el('div', { class: 'form', role: 'group', 'aria-label': `/${command.name}` },
      el('div', { class: 'form-head' },
        el('span', { class: 'form-command', text: `/${command.name}` }),
        el('span', { class: 'form-description', text: command.description }),
        iconButton('close', 'Close this command', 'form-close', actions.onClose)),
      this.#fields.length
        ? el('div', { class: 'fields' }, ...this.#fields.map(({ chip }) => chip), this.#fold.button) : null,
      this.hint, this.error);
    this.element.addEventListener('keydown', (event) => this.#key(event));
    this.#hint(null);
  }

  /** Puts the focus on the first field that is still needed, else on the first one. */
  focus() {
    const wanted = this.#fields.find(({ field, option }) => option.required && field.read().empty) ?? this.#fields[0];
    wanted?.field.focus();
  }

  /** Fills in texts by option name, as they were typed. @param {Map<string, string>} texts */
  fill(texts) {
    for (const labelled of this.#fields.filter(({ option }) => texts.has(option.name))) {
      this.#fold.reveal(labelled);
      labelled.field.fill(texts.get(labelled.option.name));
    }
  }

  /** Puts files into the empty file fields, in order. @returns {boolean} whether there was room for all of them */
  attach(files) {
    const all = this.#fields.filter(({ option }) => option.type === OPTION.ATTACHMENT);
    // One file dropped on a single field that has one replaces it.
    const open = all.length === 1 ? all : all.filter(({ field }) => !field.file);
    files.slice(0, open.length).forEach((file, index) => {
      this.#fold.reveal(open[index]);
      open[index].field.attach(file);
    });
    open[0]?.field.focus();
    return files.length <= open.length;
  }

  /**
   * Every given option in the shape of an interaction, with its files.
   * @param {boolean} strict false leaves out invalid values and shows no error (for autocomplete)
   * @returns {{options: object[], files: File[]}|null} null after an error was shown
   */
  read(strict = true) {
    const options = [];
    const files = [];
    for (const labelled of this.#fields) {
      const { option, field } = labelled;
      const { empty, value, file, error } = field.read();
      const wrong = error ?? (empty && option.required ? this.#neededWords(option) : null);
      if (wrong && strict) return this.#complain(labelled, wrong);
      if (empty || wrong) continue;
      options.push({ name: option.name, type: option.type, value: file ? files.length : value });
      if (file) files.push(file);
    }
    return { options, files };
  }

  /** Shows a sentence under the form, and at a field if it is about one. */
  say(sentence) {
    this.error.textContent = sentence;
  }

  /** Shows that the command is on its way: nothing can be changed meanwhile. */
  setBusy(busy) {
    this.element.setAttribute('aria-busy', String(busy));
    this.element.inert = busy;
  }

  #neededWords({ name, type }) {
    return `${name} is needed${type === OPTION.ATTACHMENT ? ': drop a file on this page or choose one' : ''}.`;
  }

  #labelled(option, context) {
    const field = makeField(option, context);
    const label = option.type === OPTION.BOOLEAN ? 'span' : 'label';
    const chip = el('div', { class: `chip ${option.required ? 'is-required' : ''}` },
      el(label, { class: 'chip-label', for: label === 'label' ? context.id : null, text: option.name }),
      field.element);
    const labelled = { option, field, chip };
    chip.addEventListener('focusin', () => this.#entered(labelled));
    chip.addEventListener('input', () => this.#changed(labelled));
    chip.addEventListener('focusout', (event) => chip.contains(event.relatedTarget) || this.#left(labelled));
    return labelled;
  }

  #control({ chip }) {
    return chip.querySelector('input, [role="group"]');
  }

  #changed(labelled) {
    const { field, chip } = labelled;
    const { empty, error, file } = field.read();
    chip.classList.toggle('is-given', !empty);
    // No error about a half-typed number; an error that no longer applies goes; a file is never half-typed.
    if (!error) this.#mark(labelled, null);
    else if (file || labelled.option.type === OPTION.ATTACHMENT) this.#mark(labelled, error);
  }

  #entered({ option }) {
    this.#hint(option);
    if (this.#errors.size) this.say(this.#errors.get(option.name) ?? [...this.#errors.values()][0]);
  }

  #left(labelled) {
    const { error } = labelled.field.read();
    if (error) this.#mark(labelled, error);
  }

  #complain(labelled, sentence) {
    this.#fold.reveal(labelled);
    labelled.field.focus();
    this.#mark(labelled, sentence);
    return null;
  }

  /** Marks a field as wrong and shows why, or with null as right again. */
  #mark(labelled, sentence) {
    const { option, chip } = labelled;
    const control = this.#control(labelled);
    chip.classList.toggle('is-wrong', Boolean(sentence));
    if (sentence) this.#errors.set(option.name, sentence);
    else this.#errors.delete(option.name);
    this.say(sentence ?? [...this.#errors.values()][0] ?? '');
    if (!sentence) {
      for (const name of ['aria-invalid', 'aria-describedby']) control.removeAttribute(name);
      return;
    }
    control.setAttribute('aria-invalid', 'true');
    control.setAttribute('aria-describedby', this.error.id);
  }

  #hint(option) {
    const needed = option?.required ? 'needed' : 'optional';
    this.hint.replaceChildren(option
      ? el('span', {}, el('strong', { text: option.name }), ` (${needed}): ${option.description ?? ''}`)
      : el('span', { text: 'Press Enter to send.' }),
    el('span', { class: 'keys', text: 'Enter sends · Tab next · Esc closes' }));
  }

  #key(event) {
    if (event.isComposing || event.key !== 'Enter' || event.target.matches('button')) return;
    event.preventDefault();
    this.actions.onSend();
  }
}
