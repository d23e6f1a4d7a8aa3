// Starts the page: one store, one connection, and the views over them. `?as=NAME` chooses the member one speaks as.
//
// client          the protocol: WebSocket and POST           store           what the page knows, and who listens
// place_view      header, sidebar, banner                    message_list    the log: order, scrolling, welcome
// message_view    one message, edited in place               embed_view      embeds; markdown: their text
// attachment_view audio_player, picture, download_link       button_row      buttons
// composer        the message box; drop_zone: files          command_picker  what '/' opens; listbox: any such list
// option_form     a command's fields; option_fields: one     option_rules    what a value must be, typed text parsed
// commands        slash commands as data                     dom, icons, avatar, format: the small parts
import { Client, newNonce, Refused } from './client.js';
import { Composer } from './composer.js';
import { installDropZone } from './drop_zone.js';
import { MessageList } from './message_list.js';
import { PlaceView } from './place_view.js';
import { Store } from './store.js';

const COMPONENT = 3; // interaction type of a button press

const byId = (id) => document.getElementById(id);
const store = new Store();
const client = new Client(
  new URLSearchParams(location.search).get('as') || 'guest',
  (event) => store.apply(event),
  (connected) => store.setConnected(connected),
);

async function press(message, customId) {
  const nonce = newNonce();
  store.begin({ nonce, messageId: message.id, customId });
  try {
    await client.interact({ nonce, type: COMPONENT, message_id: message.id, custom_id: customId });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    store.fail(nonce, error.message);
  }
}

const composer = new Composer(byId('composer'), store, client);
const openCommand = (name) => composer.openCommand(name);
new PlaceView({ header: byId('header'), sidebar: byId('sidebar'), banner: byId('banner') }, store, openCommand);
new MessageList(byId('log'), store, { press, dismiss: (id) => store.dismiss(id), openCommand });
installDropZone((files) => composer.takeFiles(files));
client.connect();
