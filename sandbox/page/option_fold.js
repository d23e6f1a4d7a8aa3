// Folds the optional fields of a command that has many behind a button that says how many there are. A field that is
// filled in or has an error is never folded.
import { el } from './dom.js';

const MOST_OPEN = 7;
const WORTH_FOLDING = 3; // fewer are not worth a button

export class OptionFold {
  #folded;
  #isOpen = false;

  /** @param {{option: object, field: object, chip: Element}[]} labelled the form's fields, the required ones first */
  constructor(labelled) {
    const later = labelled.slice(MOST_OPEN).filter(({ option }) => !option.required);
    this.#folded = later.length >= WORTH_FOLDING ? later : [];
    this.button = this.#folded.length ? el('button', {
      type: 'button', class: 'fold', on: { click: () => this.#toggle() },
    }) : null;
    this.#show();
  }

  /** Unfolds if `labelled` is hidden. */
  reveal(labelled) {
    if (labelled.chip.hidden) this.#set(true);
  }

  #toggle() {
    const next = this.#folded.find(({ chip }) => chip.hidden);
    this.#set(!this.#isOpen);
    if (this.#isOpen) next?.field.focus();
  }

  #set(isOpen) {
    this.#isOpen = isOpen;
    this.#show();
  }

  #show() {
    if (!this.button) return;
    for (const { field, chip } of this.#folded) chip.hidden = !this.#isOpen && Boolean(field.read().empty);
    const hidden = this.#folded.filter(({ chip }) => chip.hidden).length;
    this.button.textContent = this.#isOpen ? 'fewer options' : `${hidden} more options`;
    this.button.setAttribute('aria-expanded', String(this.#isOpen));
  }
}
