/* A box for formatted text. What it sends is never trusted: the server cleans it.
   Merge fields and conditions stand in the text as code; here each is shown as one label that is deleted as a whole. */
const TOOLS = [
  ['bold', 'B', 'Bold', 'font-weight:700'], ['italic', 'I', 'Italic', 'font-style:italic'],
  ['underline', 'U', 'Underline', 'text-decoration:underline'], null,
  ['insertUnorderedList', '• List', 'Bulleted list', ''], ['insertOrderedList', '1. List', 'Numbered list', ''],
  ['createLink', 'Link', 'Link the selected words', ''], ['formatBlock:h3', 'Heading', 'Heading', ''],
  ['formatBlock:p', 'Text', 'Plain paragraph', ''], null, ['undo', 'Undo', 'Undo', ''],
  ['removeFormat', 'Clear', 'Remove formatting', ''],
];
const CODE = /(\{\{[^{}]*\}\}|\{%[^{}]*%\})/;
const boxes = new WeakMap();

function label(code, names) {
  const inner = code.slice(2, -2).trim();
  if (code.startsWith('{{')) {
    const [name, ...filters] = inner.split('|').map((part) => part.trim());
    return (names.get(name) || name) + (filters.length ? ' *' : '');
  }
  const name = inner.replace(/^(if|elif|for)\s+/, '');
  const shown = names.get(name) || name;
  if (inner.startsWith('if ')) return 'if there is: ' + shown;
  return { else: 'otherwise', endif: 'end of if', endfor: 'end of list' }[inner] || inner;
}

function chip(code, names) {
  const span = document.createElement('span');
  span.className = code.startsWith('{%') ? 'code condition' : 'code';
  span.contentEditable = 'false';
  span.dataset.label = label(code, names);
  span.title = span.ariaLabel = code;
  span.textContent = code;
  return span;
}

function showCodes(area, names) {
  const walker = document.createTreeWalker(area, NodeFilter.SHOW_TEXT), texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode);
  for (const text of texts) {
    if (text.parentElement.classList.contains('code') || !CODE.test(text.data)) continue;
    const parts = text.data.split(CODE).filter((part) => part !== '');
    text.replaceWith(...parts.map((part) => (CODE.test(part) ? chip(part, names) : document.createTextNode(part))));
  }
}

function plainHtml(area) {
  const copy = area.cloneNode(true);
  for (const span of copy.querySelectorAll('.code')) span.replaceWith(document.createTextNode(span.textContent));
  copy.normalize();
  return copy.innerHTML;
}

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  const bar = parentElement.querySelector('.bar'), area = parentElement.querySelector('.area');
  const names = new Map(data.fields.map(([name, , short]) => [name, short]));
  let box = boxes.get(parentElement);
  if (!box) { box = { sent: null, seed: null, timer: 0 }; boxes.set(parentElement, box); }
  const send = () => {
    clearTimeout(box.timer);
    const html = plainHtml(area);
    if (html !== box.sent) { box.sent = html; setStateValue('html', html); }
  };
  area.setAttribute('aria-label', data.label);
  area.contentEditable = data.locked ? 'false' : 'true';
  bar.style.display = data.locked ? 'none' : 'flex';
  if (box.seed !== data.seed) {
    box.seed = data.seed; area.innerHTML = data.html; box.sent = plainHtml(area); showCodes(area, names);
  }
  area.oninput = () => { clearTimeout(box.timer); box.timer = setTimeout(send, 700); };
  area.onblur = () => { send(); showCodes(area, names); };
  area.onpaste = () => setTimeout(send, 0);
  area.onkeydown = (e) => { if (e.key === 'Tab' && !data.locked && tabInTable(area, e.shiftKey)) e.preventDefault(); };
  bar.run = (command) => {
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
  bar.insert = (code) => {
    area.focus();
    document.execCommand('insertText', false, code);  // as text first: as HTML it could break the paragraph in two
    const root = area.getRootNode(), caret = (root.getSelection ? root : document).getSelection();
    const text = caret.anchorNode, end = caret.anchorOffset;
    if (text && text.nodeType === Node.TEXT_NODE && text.data.slice(end - code.length, end) === code) {
      const range = document.createRange(), label = chip(code, names);
      range.setStart(text, end - code.length);
      range.setEnd(text, end);
      range.deleteContents();
      range.insertNode(label);
      range.setStartAfter(label);
      range.collapse(true);
      caret.removeAllRanges();
      caret.addRange(range);
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
    const tables = document.createElement('select');
    tables.setAttribute('aria-label', 'Table'); tables.style.width = '84px'; tables.add(new Option('Table …', ''));
    for (const [action, about] of TABLE_ACTIONS) tables.add(new Option(about, action));
    tables.onchange = () => { area.focus(); changeTable(area, tables.value); tables.value = ''; send(); };
    bar.append(tables, fields);
  }
  return () => { clearTimeout(box.timer); };
}
