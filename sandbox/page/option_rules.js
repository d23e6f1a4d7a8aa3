// The rules of options: what a typed value must be, said in sentences, and `/compose length:30 temperature:1.1` parsed.
// Pure functions that the form and the message box share.
import { OPTION } from './commands.js';
import { fileSize, listing } from './format.js';

const YES = new Set(['true', 'yes', 'on', '1']);
const NO = new Set(['false', 'no', 'off', '0']);
export const isNumeric = (option) => option.type === OPTION.INTEGER || option.type === OPTION.NUMBER;

/**
 * A typed text as the option's value.
 * @returns {{value?: string|number|boolean, error?: string}} exactly one of the two
 */
export function coerce(option, text) {
  const typed = text.trim();
  if (option.choices?.length) return coerceChoice(option, typed);
  if (isNumeric(option)) return coerceNumber(option, typed);
  if (option.type === OPTION.BOOLEAN) return coerceBoolean(option, typed);
  if (option.type === OPTION.ATTACHMENT) {
    return { error: `${option.name} is a file: drop it on this page, or open the command and choose it there.` };
  }
  return coerceString(option, typed);
}

function coerceChoice(option, typed) {
  const wanted = typed.toLowerCase();
  const means = (word) => String(word).toLowerCase() === wanted;
  const choice = option.choices.find(({ name, value }) => means(name) || means(value));
  if (choice) return { value: choice.value };
  return { error: `${option.name} must be one of ${listing(option.choices.map(({ name }) => name))}.` };
}

function coerceNumber(option, typed) {
  const whole = option.type === OPTION.INTEGER;
  const number = Number(typed.replace(',', '.'));
  const wrongKind = !/^[+-]?[\d.,]+$/.test(typed) || !Number.isFinite(number) || (whole && !Number.isInteger(number));
  if (wrongKind) {
    return { error: `${option.name} must be a ${whole ? 'whole number' : 'number'}${rangeWords(option)}.` };
  }
  const { min_value: min = -Infinity, max_value: max = Infinity } = option;
  if (number < min || number > max) return { error: `${option.name} must be${rangeWords(option)}.` };
  return { value: number };
}

function coerceBoolean(option, typed) {
  const word = typed.toLowerCase();
  if (YES.has(word)) return { value: true };
  if (NO.has(word)) return { value: false };
  return { error: `${option.name} must be yes or no.` };
}

function coerceString(option, typed) {
  const { min_length: min = 0, max_length: max = 6000 } = option;
  if (typed.length < min) return { error: `${option.name} must have at least ${min} characters.` };
  if (typed.length > max) return { error: `${option.name} may have at most ${max} characters.` };
  return { value: typed };
}

/** The allowed range in words, with a leading space; empty if the option has none. */
function rangeWords({ min_value: min, max_value: max }) {
  if (min !== undefined && max !== undefined) return ` between ${min} and ${max}`;
  if (min !== undefined) return ` at least ${min}`;
  if (max !== undefined) return ` at most ${max}`;
  return '';
}

/** What an empty field shows as its example: '5 – 300', 'text', ... */
export function placeholder(option) {
  const { min_value: min, max_value: max } = option;
  const range = min !== undefined && max !== undefined ? `${min} – ${max}` : '';
  if (option.choices?.length || option.autocomplete) return 'choose';
  if (isNumeric(option)) return range && range.length < 12 ? range : 'number';
  return 'text';
}

/** Why a file cannot be attached, as a sentence; null if it can. The page judges its size only, the bot the rest. */
export function fileError(option, file, sizeLimit) {
  if (file.size <= sizeLimit) return null;
  return `${option.name} may be at most ${fileSize(sizeLimit)}; this file has ${fileSize(file.size)}.`;
}

/**
 * Parses the text after a command's name. A text option runs up to the next `name:`, every other one is a word.
 * @returns {{values: Map<string, string>, error: string|null}} raw texts by option name
 */
export function parseOptions(command, text) {
  const values = new Map();
  const names = command.options.map(({ name }) => name);
  const isKey = (word) => names.find((name) => word.startsWith(`${name}:`));
  let current = null;
  for (const word of text.trim().split(/\s+/).filter(Boolean)) {
    const key = isKey(word);
    if (key) {
      if (values.has(key)) return { values, error: `${key} is given twice: keep one of them.` };
      current = command.options.find(({ name }) => name === key);
      values.set(key, word.slice(key.length + 1));
    } else if (current && takesMore(current, values.get(current.name))) {
      values.set(current.name, `${values.get(current.name)} ${word}`.trim());
    } else {
      const known = names.length ? `Write ${listing(names.map((name) => `${name}:`))} before a value.` : 'It has none.';
      return { values, error: `“${word}” is no option of /${command.name}. ${known}` };
    }
  }
  return { values, error: null };
}

function takesMore(option, soFar) {
  return soFar === '' || option.type === OPTION.STRING;
}
