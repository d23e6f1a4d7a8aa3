"""Choosing a command, filling in its options and attaching a file, as a person does it at the page."""

from __future__ import annotations

from playwright.async_api import Page, expect

SEED = b"MThd a seed of some bytes"
DROP = """([name, text, times = 1]) => {
  const files = new DataTransfer();
  files.items.add(new File([text.repeat(times)], name, { type: 'audio/midi' }));
  for (const kind of ['dragenter', 'dragover', 'drop']) {
    document.querySelector('#log').dispatchEvent(
      new DragEvent(kind, { dataTransfer: files, bubbles: true, cancelable: true }));
  }
}"""


async def open_compose(page: Page) -> None:
    await page.focus("#message-box")
    await page.keyboard.type("/compose")
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".form")


async def test_the_picker_works_with_the_keyboard_alone(composer, open_page):
    async with open_page() as page:
        # Given the message box
        await page.focus("#message-box")

        # When a slash is typed, then the picker lists every command, the first one active
        await page.keyboard.type("/")
        options = page.get_by_role("listbox", name="Commands").get_by_role("option")
        await expect(options).to_have_count(2)
        await expect(options.first).to_have_attribute("aria-selected", "true")
        active = await options.first.get_attribute("id")
        await expect(page.locator("#message-box")).to_have_attribute("aria-activedescendant", active)

        # And arrows move, Esc closes, typing filters, Tab takes
        await page.keyboard.press("ArrowDown")
        await expect(options.nth(1)).to_have_attribute("aria-selected", "true")
        await page.keyboard.press("Escape")
        await expect(options).to_have_count(0)
        await page.keyboard.type("co")
        await expect(options).to_have_count(1)
        await page.keyboard.press("Tab")
        await expect(page.locator(".form-command")).to_have_text("/compose")

        # And with Tab one reaches the fields, a choice is taken with the arrows, and Enter sends
        await page.get_by_label("length", exact=True).focus()
        await page.keyboard.type("12.5")
        await page.keyboard.press("Tab")
        await page.keyboard.type("qu")
        await expect(page.get_by_role("listbox", name="Choices for model").get_by_role("option")).to_have_text(
            "quartet"
        )
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        choices = page.get_by_role("listbox", name="Choices for mode").get_by_role("option")
        await expect(choices).to_have_text(["continue", "vary"])
        await page.keyboard.press("ArrowUp")
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Tab")
        await page.keyboard.press("Space")
        await page.get_by_label("length", exact=True).focus()
        await page.keyboard.press("Enter")
        await expect(page.locator(".thinking")).to_be_visible()
    asked = composer.asked[0]
    assert (asked["length"], asked["model"], asked["mode"], asked["include_seed"]) == (12.5, "quartet", "vary", False)


async def test_tab_passes_a_list_by_unless_something_in_it_was_meant(composer, open_page):
    async with open_page() as page:
        # Given the form, and the list of a field that nothing was typed into
        await page.fill("#message-box", "/compose")
        await page.keyboard.press("Enter")
        model = page.get_by_label("model", exact=True)
        await model.focus()
        await expect(page.get_by_role("listbox", name="Choices for model")).to_be_visible()
        # When Tab is pressed, then the next field is reached and this one stays empty
        await page.keyboard.press("Tab")
        await expect(model).to_have_value("")
        await expect(page.get_by_label("mode", exact=True)).to_be_focused()
        # And what was typed is completed on the way
        await page.keyboard.type("va")
        await expect(page.get_by_role("listbox", name="Choices for mode").get_by_role("option")).to_have_text("vary")
        await page.keyboard.press("Tab")
        await expect(page.get_by_label("mode", exact=True)).to_have_value("vary")
        await expect(page.get_by_label("mode", exact=True)).not_to_be_focused()


async def test_a_file_dropped_anywhere_goes_into_the_command(composer, open_page):
    async with open_page() as page:
        # When a file is dropped on the messages before any command was chosen
        await page.evaluate(DROP, ["my seed.mid", SEED.decode()])

        # Then the command that takes files opens with it, and Enter sends both
        await expect(page.locator(".file-name")).to_contain_text("my seed.mid · 25 bytes")
        await expect(page.locator(".drop-veil")).to_have_count(0)
        await page.keyboard.press("Enter")
        await expect(page.locator(".thinking")).to_be_visible()
        await expect(page.locator(".reply")).to_contain_text("guest used /compose")
        await expect(page.locator("#message-box")).to_be_focused()
    assert (composer.asked[0]["name"], composer.asked[0]["seed"]) == ("my_seed.mid", SEED)


async def test_a_file_is_chosen_replaced_and_removed(composer, open_page):
    async with open_page() as page:
        await open_compose(page)
        await page.set_input_files(".file-input", {"name": "a.mid", "mimeType": "audio/midi", "buffer": SEED})
        await expect(page.locator(".file-name")).to_contain_text("a.mid")
        await page.evaluate(DROP, ["b.mid", "other"])
        await expect(page.locator(".file-name")).to_contain_text("b.mid")
        await page.get_by_role("button", name="Remove the file from seed").click()
        await expect(page.locator(".file-name")).to_have_text("choose or drop a file")


async def test_options_out_of_range_are_refused_in_sentences(composer, open_page):
    async with open_page() as page:
        await open_compose(page)
        length = page.get_by_label("length", exact=True)
        error = page.locator("#form-error")
        cases = [
            ("3", "length must be between 5 and 300."),
            ("soon", "length must be a number between 5 and 300."),
        ]
        for typed, sentence in cases:
            await length.fill(typed)
            await page.keyboard.press("Enter")
            await expect(error).to_have_text(sentence)
            await expect(length).to_have_attribute("aria-invalid", "true")
            await expect(length).to_be_focused()
        await length.fill("6")
        await expect(error).to_have_text("")
        await page.get_by_label("mode", exact=True).fill("sing")
        await page.keyboard.press("Enter")
        await expect(error).to_have_text("mode must be one of continue and vary.")
        await page.evaluate(DROP, ["big.mid", "x", 11 * 1024 * 1024])
        await expect(error).to_contain_text("seed may be at most 10.0 MB")
        await page.keyboard.press("Escape")
        await expect(page.locator("#message-box")).to_have_value("/compose")
    assert composer.asked == []


async def test_a_command_typed_out_in_full_is_understood(composer, open_page):
    async with open_page() as page:
        box = page.locator("#message-box")
        error = page.locator("#box-error")
        cases = [
            ("hello", "Only slash commands work here: type / to see them."),
            ("/nothing", "There is no command “/nothing”. Type / to see those there are."),
            ("/compose tempr:2", "“tempr:2” is no option of /compose."),
            ("/compose length:9 length:8", "length is given twice: keep one of them."),
        ]
        for typed, sentence in cases:
            await box.fill(typed)
            await page.keyboard.press("Enter")
            await expect(error).to_contain_text(sentence)

        # A value that is wrong opens the form at its field
        await box.fill("/compose length:2 model:quartet")
        await page.keyboard.press("Enter")
        await expect(page.locator("#form-error")).to_have_text("length must be between 5 and 300.")
        await expect(page.get_by_label("model", exact=True)).to_have_value("quartet")
        await page.keyboard.press("Escape")

        # Tab completes an option's name
        await box.fill("")
        await page.keyboard.type("/compose le")
        await page.keyboard.press("Tab")
        await page.keyboard.type("30 include_seed:no")
        await expect(box).to_have_value("/compose length:30 include_seed:no")
        await page.keyboard.press("Enter")
        await expect(page.locator(".thinking")).to_be_visible()
    assert composer.asked[0]["length"] == 30
    assert composer.asked[0]["include_seed"] is False


async def test_a_command_without_options_is_sent_with_two_enters_or_closed_with_escape(composer, open_page):
    async with open_page() as page:
        await page.fill("#message-box", "/pi")
        await page.keyboard.press("Enter")
        await expect(page.locator(".form-hint")).to_contain_text("Press Enter to send.")
        await page.keyboard.press("Escape")
        await expect(page.locator("#message-box")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("pong")).to_be_visible()


async def test_an_empty_channel_says_what_to_do(composer, open_page):
    async with open_page() as page:
        await expect(page.locator(".invitation")).to_have_text("Type /compose, drop a MIDI file, press Enter.")
        await page.get_by_role("button", name="Try /compose").click()
        await expect(page.locator(".form-command")).to_have_text("/compose")


async def test_a_channel_without_a_bot_says_so(open_page):
    async with open_page() as page:
        await expect(page.locator(".presence")).to_contain_text("away")
        await expect(page.locator(".welcome")).to_contain_text("the commands appear as soon as the bot has joined")
