// Starts the page: one store, one connection, and the views over them. `?as=NAME` chooses the member.
//
// client          the protocol: WebSocket and POST           store           the page's data and its listeners
// place_view      header, sidebar, banner                    message_list    the message log: order, scrolling
// message_view    one message, edited in place               embed_view      embeds; markdown: their text
// attachment_view audio_player, picture, download_link       action_rows     buttons, and menus: select_menu
// message_menu    commands that are used on a message        form_dialog     a form to fill in; form_fields: its parts
// composer        the message box; drop_zone: files          command_picker  what '/' opens; listbox: any such list
// option_form     a command's fields; option_fields: one     option_rules    what a value must be, typed text parsed
// commands        commands as data; guild_choices: people    dom, icons, avatar, format: the small parts
import { Client, newNonce, Refused } from './client.js';
import { MESSAGE_COMMAND } from './commands.js';
import { Composer } from './composer.js';
import { installDropZone } from './drop_zone.js';
import { FormDialogs } from './form_dialog.js';
import { MessageList } from './message_list.js';
import { PlaceView } from './place_view.js';
import { Store } from './store.js';

const COMMAND = 2; // interaction types of Discord
const COMPONENT = 3;

const byId = (id) => document.getElementById(id);
const store = new Store();
const client = new Client(
  new URLSearchParams(location.search).get('as') || 'guest',
  (event) => store.apply(event),
  (connected) => store.setConnected(connected),
);

async function ask(action, payload) {
  const nonce = newNonce();
  store.begin({ nonce, ...action });
  try {
    await client.interact({ nonce, ...payload });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    store.fail(nonce, error.message);
  }
}

function press({ id }, customId, values) {
  return ask({ messageId: id, customId }, { type: COMPONENT, message_id: id, custom_id: customId, values });
}

function useOn({ id }, { name }) {
  return ask({ command: name }, { type: COMMAND, command_type: MESSAGE_COMMAND, name, target_id: id });
}

const forms = new FormDialogs(store, client);
const composer = new Composer(byId('composer'), store, client);
const openCommand = (name) => composer.openCommand(name);
new PlaceView({ header: byId('header'), sidebar: byId('sidebar'), banner: byId('banner') }, store, openCommand);
new MessageList(byId('log'), store, { press, useOn, dismiss: (id) => store.dismiss(id), openCommand });
installDropZone((files) => forms.takeFiles(files) || composer.takeFiles(files));
client.connect();
