"""The body editor: a small box for formatted text. What it returns is never trusted: `core.templates` cleans it."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

_HTML = """<div class="frame"><div class="bar" role="toolbar" aria-label="Formatting"></div>
<div class="area" contenteditable="true" role="textbox" aria-multiline="true" spellcheck="true"></div></div>"""

_CSS = """
.frame { border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius); overflow: hidden;
  background: var(--st-background-color); color: var(--st-text-color); font-family: var(--st-font); }
.frame:focus-within { border-color: var(--st-primary-color); }
.bar { display: flex; flex-wrap: wrap; gap: 2px; padding: 4px 6px; align-items: center;
  background: var(--st-secondary-background-color); border-bottom: 1px solid var(--st-border-color); }
.bar button, .bar select { height: 28px; min-width: 28px; border: 0; border-radius: 6px; background: transparent;
  color: var(--st-text-color); font: 500 13px var(--st-font); cursor: pointer; padding: 0 8px; }
.bar button:hover, .bar select:hover { background: var(--st-border-color); }
.bar button:focus-visible, .bar select:focus-visible { outline: 2px solid var(--st-primary-color); }
.bar select option { color: #1b2a2c; background: #fff; }
.bar .gap { width: 1px; height: 18px; margin: 0 4px; background: var(--st-border-color); }
.area { min-height: 240px; max-height: 520px; overflow: auto; padding: 12px 16px; outline: none; line-height: 1.55;
  font-size: 15px; }
.area p { margin: 0 0 12px; } .area table { border-collapse: collapse; }
.area td, .area th { border: 1px solid var(--st-border-color); padding: 4px 8px; }
.area a { color: var(--st-link-color); }
"""

_JS = """
const TOOLS = [
  ['bold', 'B', 'Bold', 'font-weight:700'], ['italic', 'I', 'Italic', 'font-style:italic'],
  ['underline', 'U', 'Underline', 'text-decoration:underline'], null,
  ['insertUnorderedList', '• List', 'Bulleted list', ''], ['insertOrderedList', '1. List', 'Numbered list', ''],
  ['createLink', 'Link', 'Link the selected words', ''], ['formatBlock:h3', 'Heading', 'Heading', ''],
  ['formatBlock:p', 'Text', 'Plain paragraph', ''], null, ['undo', 'Undo', 'Undo', ''],
  ['removeFormat', 'Clear', 'Remove formatting', ''],
];
const boxes = new WeakMap();
export default function (component) {
  const { data, parentElement, setStateValue } = component;
  const bar = parentElement.querySelector('.bar'), area = parentElement.querySelector('.area');
  let box = boxes.get(parentElement);
  if (!box) { box = { sent: null, seed: null, timer: 0 }; boxes.set(parentElement, box); }
  const send = () => { clearTimeout(box.timer);
    if (area.innerHTML !== box.sent) { box.sent = area.innerHTML; setStateValue('html', box.sent); } };
  area.setAttribute('aria-label', data.label);
  area.contentEditable = data.locked ? 'false' : 'true';
  bar.style.display = data.locked ? 'none' : 'flex';
  if (box.seed !== data.seed) { box.seed = data.seed; area.innerHTML = data.html; box.sent = area.innerHTML; }
  area.oninput = () => { clearTimeout(box.timer); box.timer = setTimeout(send, 700); };
  area.onblur = send;
  area.onpaste = () => setTimeout(send, 0);
  const run = (command) => {
    area.focus();
    if (command === 'createLink') {
      const url = window.prompt('Address of the link (https://, mailto: or tel:)', 'https://');
      if (url && /^(https?:|mailto:|tel:)/i.test(url)) document.execCommand('createLink', false, url);
    } else {
      const [name, value] = command.split(':');
      document.execCommand(name, false, value ? '<' + value + '>' : null);
    }
    send();
  };
  if (!bar.childElementCount) {
    for (const tool of TOOLS) {
      if (!tool) { const gap = document.createElement('span'); gap.className = 'gap'; bar.append(gap); continue; }
      const [command, text, title, style] = tool, button = document.createElement('button');
      button.type = 'button'; button.textContent = text; button.title = title; button.style.cssText = style;
      button.setAttribute('aria-label', title); button.onmousedown = (e) => e.preventDefault();
      button.onclick = () => bar.run(command); bar.append(button);
    }
    const fields = document.createElement('select');
    fields.setAttribute('aria-label', 'Insert a merge field'); fields.add(new Option('Insert field …', ''));
    for (const [name, about] of data.fields) fields.add(new Option(about, name));
    fields.onchange = () => { if (fields.value) bar.insert('{{ ' + fields.value + ' }}'); fields.value = ''; };
    bar.append(fields);
  }
  bar.run = run;
  bar.insert = (text) => { area.focus(); document.execCommand('insertText', false, text); send(); };
  return () => { clearTimeout(box.timer); };
}
"""

_EDITOR = st.components.v2.component("careloop_rich_text", html=_HTML, css=_CSS, js=_JS)


def rich_text(label: str, html: str, *, key: str, fields: Mapping[str, str], seed: str, locked: bool = False) -> str:
    """The HTML now in the box, not yet cleaned.

    `html` fills the box whenever `seed` changes, so that typing is never overwritten; `fields` maps merge fields to
    what the list of fields calls them.
    """
    st.caption(label)
    data: dict[str, Any] = {
        "label": label,
        "html": html,
        "seed": seed,
        "fields": list(fields.items()),
        "locked": locked,
    }
    result = _EDITOR(key=key, data=data, default={"html": html}, on_html_change=lambda: None)
    return str(result.html if result.html is not None else html)
