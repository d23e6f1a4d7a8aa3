// Commands as data. Slash commands are flattened to what can be typed ('compose', 'dataset add'), searched, and turned
// into the options an interaction carries. Knows Discord's numbers for command and option types; has no elements.

export const OPTION = Object.freeze({
  SUB_COMMAND: 1, SUB_COMMAND_GROUP: 2, STRING: 3, INTEGER: 4, BOOLEAN: 5, USER: 6, CHANNEL: 7, ROLE: 8,
  MENTIONABLE: 9, NUMBER: 10, ATTACHMENT: 11,
});
const CHAT_INPUT = 1;
export const MESSAGE_COMMAND = 3;

/**
 * A command that can be sent: its typed name, and its options with the required ones first.
 * @typedef {{name: string, path: object[], description: string, options: object[]}} FlatCommand
 */

/** Every slash command and subcommand, in the bot's order. @returns {FlatCommand[]} */
export function flatCommands(commands) {
  const typed = commands.filter(({ type = CHAT_INPUT }) => type === CHAT_INPUT);
  return typed.flatMap((command) => leaves([command]));
}

/** The commands that are used on a message. */
export const messageCommands = (commands) => commands.filter(({ type }) => type === MESSAGE_COMMAND);

function leaves(path) {
  const last = path.at(-1);
  const options = last.options ?? [];
  const below = options.filter((option) => option.type <= OPTION.SUB_COMMAND_GROUP);
  if (below.length) return below.flatMap((option) => leaves([...path, option]));
  const name = path.map((part) => part.name).join(' ');
  const required = options.filter((option) => option.required);
  const optional = options.filter((option) => !option.required);
  return [{ name, path, description: last.description ?? '', options: [...required, ...optional] }];
}

/** Whether a command has an option for a file. */
export const takesFile = ({ options }) => options.some(({ type }) => type === OPTION.ATTACHMENT);

/** The first command with room for that many files, else the first that takes any; undefined if there is none. */
export function commandForFiles(commands, count) {
  const room = ({ options }) => options.filter(({ type }) => type === OPTION.ATTACHMENT).length;
  return commands.find((command) => room(command) >= count) ?? commands.find(takesFile);
}

/** The command that the welcome suggests: the first that takes a file, else the first; undefined if there is none. */
export function suggestedCommand(commands) {
  return commands.find(takesFile) ?? commands[0];
}

/** Commands whose name starts with, then contains, then whose description contains what was typed. */
export function searchCommands(commands, typed) {
  const query = typed.toLowerCase();
  const rank = ({ name, description }) => {
    const at = name.indexOf(query);
    if (at === 0) return 0;
    if (at > 0) return 1;
    return description.toLowerCase().includes(query) ? 2 : 3;
  };
  return commands.map((command) => [rank(command), command]).filter(([order]) => order < 3)
    .sort(([a], [b]) => a - b).map(([, command]) => command);
}

/** The longest command that the text after '/' begins with, and the rest of the text; null if there is none. */
export function matchCommand(commands, text) {
  const hits = commands.filter(({ name }) => text === name || text.startsWith(`${name} `));
  hits.sort((a, b) => b.name.length - a.name.length);
  return hits.length ? { command: hits[0], rest: text.slice(hits[0].name.length) } : null;
}

/** The body of an interaction: the command's first name and its options, nested as deep as its subcommands. */
export function interactionBody(command, options) {
  const [root, ...below] = command.path;
  const nested = below.reduceRight((inner, part) => [{ name: part.name, type: part.type, options: inner }], options);
  return { name: root.name, options: nested };
}
