// The picker that '/' opens: commands while the name is typed, then the options that are not given yet.
import { searchCommands, matchCommand } from './commands.js';
import { avatar } from './avatar.js';
import { Listbox } from './listbox.js';
import { parseOptions, placeholder } from './option_rules.js';

export class CommandPicker {
  /**
   * @param {HTMLInputElement} input the message box
   * @param {Element} tray
   * @param {object} store
   * @param {{onCommand: (command: object) => void, onOption: (name: string) => void}} actions
   */
  constructor(input, tray, store, actions) {
    this.store = store;
    this.commands = new Listbox(input, tray, 'Commands', actions.onCommand);
    this.options = new Listbox(input, tray, 'Options', actions.onOption);
  }

  /** Updates the list for the text in the message box. @param {object[]} commands flat commands */
  follow(text, commands) {
    const named = matchCommand(commands, text.slice(1));
    if (!text.startsWith('/')) this.close();
    else if (named && named.rest) this.#showOptions(named.command, named.rest);
    else this.#showCommands(searchCommands(commands, text.slice(1)));
  }

  close() {
    this.commands.close();
    this.options.close();
  }

  handleKey(event) {
    return this.commands.handleKey(event) || this.options.handleKey(event);
  }

  #showCommands(found) {
    this.options.close();
    this.commands.show(found.map((command) => ({
      title: `/${command.name}`,
      detail: command.description,
      lead: this.store.bot ? avatar(this.store.bot, 'small') : null,
      mark: command.options.length ? command.options.map(({ name }) => name).join('  ') : '',
      data: command,
    })));
  }

  #showOptions(command, rest) {
    this.commands.close();
    const given = parseOptions(command, rest).values;
    const writing = /\S+$/.exec(rest)?.[0] ?? '';
    const left = command.options.filter(({ name }) => !given.has(name) && name.startsWith(writing));
    // Nothing is active at first: Enter sends the text as it stands, Tab completes the first option.
    this.options.show(left.map((option) => ({
      title: `${option.name}:`,
      detail: option.description,
      mark: option.required ? 'required' : placeholder(option),
      data: option.name,
    })), -1);
  }
}
