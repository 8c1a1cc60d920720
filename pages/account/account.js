/* Who is signed in, and until when. The server decides; this asks it, tells it that somebody is here, and leaves for
   the sign-in page when the session has ended, so that no patient stays on the screen of a desk that was left. */
const ASK_EVERY = 20_000, TELL_EVERY = 30_000, WARN = 60;  // milliseconds, milliseconds, seconds
const here = () => encodeURIComponent(location.pathname + location.search);
const watch = { toldAt: 0, left: null, show: () => {}, started: false };

async function ask(method) {
  try {
    const answer = await fetch('/session', { method, credentials: 'same-origin', cache: 'no-store' });
    if (answer.status === 401) { location.replace('/sign-in?next=' + here()); return; }
    if (answer.ok) watch.left = (await answer.json()).seconds;
  } catch { return; }  // the server is away: it will say when it is back
  watch.show();
}

function somebodyIsHere() {
  if (Date.now() - watch.toldAt < TELL_EVERY) return;
  watch.toldAt = Date.now();
  ask('POST');
}

function start() {
  if (watch.started) return;
  watch.started = true;
  for (const kind of ['pointerdown', 'keydown', 'wheel', 'touchstart'])
    document.addEventListener(kind, somebodyIsHere, { passive: true, capture: true });
  setInterval(() => ask('GET'), ASK_EVERY);
  setInterval(() => { if (watch.left !== null && watch.left > 0) { watch.left -= 1; watch.show(); } }, 1000);
  ask('GET');
}

export default function (component) {
  const { data, parentElement } = component;
  const find = (name) => parentElement.querySelector('.' + name);
  find('name').textContent = data.name;
  find('roles').textContent = data.roles;
  find('switch').hidden = !data.demo;
  find('password').hidden = !data.has_password;
  find('switch').onclick = () => { location.assign('/sign-in?next=' + here()); };
  find('stay').onclick = () => { watch.toldAt = 0; somebodyIsHere(); };
  watch.show = () => {
    const ends = watch.left !== null && watch.left < WARN;
    find('warning').hidden = !ends;
    if (ends) find('left').textContent = 'You are signed out in ' + watch.left + ' seconds.';
    if (watch.left === 0) { watch.left = null; ask('GET'); }
  };
  start();
  watch.show();
}
