"""The page's pure modules, called in the browser: Markdown and the parsing of typed options."""

from __future__ import annotations

RENDER = """async (cases) => {
  const { markdown } = await import('/page/markdown.js');
  return cases.map((text) => {
    const place = document.createElement('div');
    place.append(markdown(text, { mentions: [{ id: '7', username: 'ann' }] }));
    for (const one of place.querySelectorAll('[data-kind]')) one.removeAttribute('data-kind');
    return place.innerHTML;
  });
}"""
LINK = 'target="_blank" rel="noopener noreferrer nofollow"'
MARKDOWN = {
    "plain <b>text</b> & more": "<p>plain &lt;b&gt;text&lt;/b&gt; &amp; more</p>",
    "**bold** *it* _it_ __u__ ~~s~~": "<p><strong>bold</strong> <em>it</em> <em>it</em> <u>u</u> <s>s</s></p>",
    "***both***": "<p><strong><em>both</em></strong></p>",
    "snake_case_name 2 * 3 * 4": "<p>snake_case_name 2 * 3 * 4</p>",
    "`**code**` and ``a`b``": "<p><code>**code**</code> and <code>a`b</code></p>",
    "```py\nx < 1\n```": "<pre><code>x &lt; 1</code></pre>",
    r"\*not\*": "<p>*not*</p>",
    "- a\n- **b**\n1. c": '<ul><li>a</li><li><strong>b</strong></li></ul><ol><li value="1">c</li></ol>',
    "# Head\ntext\n-# small": '<h3>Head</h3><p>text</p><small class="subtext">small</small>',
    "> said": "<blockquote>said</blockquote>",
    "a\nb\n\nc": "<p>a\nb\n\nc</p>",
    "[x](https://a.b/c)": f'<p><a href="https://a.b/c" title="https://a.b/c" {LINK}>x</a></p>',
    "[x](javascript:alert(1))": "<p>[x](javascript:alert(1))</p>",
    "[x](data:text/html,1)": "<p>[x](data:text/html,1)</p>",
    "see https://a.b/c.": f'<p>see <a href="https://a.b/c" title="https://a.b/c" {LINK}>https://a.b/c</a>.</p>',
    "<@7> </compose:12>": '<p><span class="mention">@ann</span> <span class="mention">/compose</span></p>',
}

PARSE = """async (texts) => {
  const { parseOptions, coerce } = await import('/page/option_rules.js');
  const command = { name: 'make', options: [
    { name: 'length', type: 10, min_value: 5, max_value: 300 }, { name: 'count', type: 4, min_value: 1 },
    { name: 'title', type: 3, max_length: 20 }, { name: 'loud', type: 5 }, { name: 'seed', type: 11 },
    { name: 'mode', type: 3, choices: [{ name: 'Go on', value: 'go' }] },
  ] };
  return texts.map((text) => {
    const { values, error } = parseOptions(command, text);
    if (error) return error;
    return [...values].map(([name, typed]) => {
      const read = coerce(command.options.find((option) => option.name === name), typed);
      return read.error ?? read.value;
    });
  });
}"""
TYPED = {
    "length:30 loud:yes": [30, True],
    "title:a few words length:1e1": ["a few words", "length must be a number between 5 and 300."],
    "title:see https://a.b count:2": ["see https://a.b", 2],
    "count: 3": [3],
    "count:2.5": ["count must be a whole number at least 1."],
    "count:0": ["count must be at least 1."],
    "length:": ["length must be a number between 5 and 300."],
    "length:1,5": ["length must be between 5 and 300."],
    "loud:maybe": ["loud must be yes or no."],
    "mode:go on": ["go"],
    "mode:stop": ["mode must be one of Go on."],
    "title:" + "x" * 21: ["title may have at most 20 characters."],
    "seed:a.mid": ["seed is a file: drop it on this page, or open the command and choose it there."],
    "length:9 9": "“9” is no option of /make. Write length:, count:, title:, loud:, seed: and mode: before a value.",
}


async def test_markdown_becomes_the_elements_it_names_and_nothing_else(open_page):
    async with open_page() as page:
        shown = await page.evaluate(RENDER, list(MARKDOWN))
        assert dict(zip(MARKDOWN, shown, strict=True)) == MARKDOWN


async def test_markdown_written_to_be_slow_is_rendered_quickly(open_page):
    async with open_page() as page:
        hard = ["*" * 4000, "_a" * 2000, "[" * 4000, "`" * 4001, "**a" * 1300, "~~" * 2000, "https://" * 500]
        assert len(await page.evaluate(RENDER, hard)) == len(hard)


async def test_typed_options_are_read_or_refused_in_sentences(open_page):
    async with open_page() as page:
        read = await page.evaluate(PARSE, list(TYPED))
        assert dict(zip(TYPED, read, strict=True)) == TYPED
