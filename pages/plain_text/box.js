/* A box for plain text that tells the server while somebody types, so that it can count. */
const WAIT = 450;  // milliseconds without a key
const boxes = new WeakMap();

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  const frame = parentElement.querySelector('.frame'), area = frame.querySelector('textarea');
  const fields = frame.querySelector('select');
  let box = boxes.get(parentElement);
  if (!box) { box = { sent: null, seed: null, timer: 0 }; boxes.set(parentElement, box); }
  const send = () => {
    clearTimeout(box.timer);
    if (area.value !== box.sent) { box.sent = area.value; setStateValue('text', area.value); }
  };
  frame.classList.toggle('locked', data.locked);
  area.setAttribute('aria-label', data.label);
  area.readOnly = data.locked;
  if (box.seed !== data.seed) { box.seed = data.seed; area.value = box.sent = data.text; }
  area.oninput = () => { clearTimeout(box.timer); box.timer = setTimeout(send, WAIT); };
  area.onblur = send;
  if (fields.options.length < 2) {
    for (const [name, about] of data.fields) fields.add(new Option(about, name));
    fields.onchange = () => {
      area.focus();
      if (fields.value) document.execCommand('insertText', false, '{{ ' + fields.value + ' }}');  // can be undone
      fields.value = '';
      send();
    };
  }
  return () => { clearTimeout(box.timer); };
}
