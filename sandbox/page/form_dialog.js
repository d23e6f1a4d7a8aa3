// The dialog of a form that the bot has opened. Sends it, says why it cannot be sent, and closes when the bot has
// answered; until then it keeps its values.
import { newNonce, Refused } from './client.js';
import { el } from './dom.js';
import { formFields } from './form_fields.js';
import { plainName } from './format.js';

const FORM = 5; // interaction type of a submitted form
const LOST = 'The connection was lost meanwhile. Send the form again.';

/** Opens a dialog for each form, one at a time. */
export class FormDialogs {
  #open = null;

  /**
   * @param {object} store
   * @param {object} client
   */
  constructor(store, client) {
    store.on('form', (form) => {
      this.#open?.close();
      this.#open = new FormDialog(form, store, client, (dialog) => {
        if (this.#open === dialog) this.#open = null;
      });
    });
    store.on('answered', (answer) => this.#open?.answered(answer));
    store.on('connection', () => store.connected || this.#open?.lost());
  }

  /** Takes files that were dropped or pasted while a form is open. @returns {boolean} whether one is */
  takeFiles(files) {
    this.#open?.takeFiles(files);
    return this.#open !== null;
  }
}

class FormDialog {
  #nonce = null; // of the form on its way

  constructor(form, store, client, onClose) {
    this.form = form;
    this.client = client;
    this.fields = formFields(form.components, { store });
    this.error = el('p', { class: 'form-error', role: 'alert' });
    this.submit = el('button', {
      type: 'button', class: 'button button-primary', text: 'Submit', on: { click: () => this.#send() },
    });
    const cancel = el('button', {
      type: 'button', class: 'button button-secondary', text: 'Cancel', on: { click: () => this.close() },
    });
    this.body = el('div', { class: 'dialog-body' }, ...this.fields.map(({ row }) => row));
    this.element = el('dialog', { class: 'dialog', 'aria-labelledby': 'dialog-title' },
      el('h2', { class: 'dialog-title', id: 'dialog-title', text: plainName(form.title) }),
      this.body, this.error, el('div', { class: 'dialog-foot' }, cancel, this.submit));
    this.element.addEventListener('close', () => {
      this.element.remove();
      onClose(this);
    });
    this.element.addEventListener('keydown', (event) => this.#key(event));
    document.body.append(this.element);
    this.element.showModal();
    this.fields.find(({ field }) => field)?.field.focus();
  }

  close() {
    this.element.close();
  }

  takeFiles(files) {
    this.fields.find(({ field }) => field?.attach)?.field.attach(files);
  }

  answered({ nonce, failure }) {
    if (nonce !== this.#nonce) return;
    if (failure) this.#say(failure);
    else this.close();
  }

  lost() {
    if (this.#nonce) this.#say(LOST);
  }

  async #send() {
    if (this.#nonce) return;
    const files = [];
    const given = {};
    for (const { customId, field, wrong } of this.fields.filter((one) => one.field)) {
      given[customId] = field.read(files);
      const sentence = wrong(given[customId]);
      if (sentence) {
        this.#say(sentence);
        field.focus();
        return;
      }
    }
    this.#setBusy(newNonce());
    this.error.textContent = '';
    try {
      await this.client.interact({
        nonce: this.#nonce, type: FORM, interaction_id: this.form.interaction_id, values: given,
      }, files);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#say(error.message);
    }
  }

  #say(sentence) {
    this.#setBusy(null);
    this.error.textContent = sentence;
  }

  #setBusy(nonce) {
    this.#nonce = nonce;
    this.body.inert = nonce !== null;
    this.submit.classList.toggle('is-waiting', nonce !== null);
    this.submit.setAttribute('aria-busy', String(nonce !== null));
  }

  #key(event) {
    const inText = event.target.matches('input[type="text"]');
    if (event.isComposing || event.key !== 'Enter' || !(inText || event.ctrlKey)) return;
    event.preventDefault();
    this.#send();
  }
}
