// geleit.js tells the company's own geleit what a person does on its pages, once that person has agreed.
//
// Before consent nothing is sent, stored or numbered. Afterwards all of it stands in the localStorage of these pages:
//   geleit.me   {a: anonymous id, u: user id, c: choices}; it is the consent, so without consent it is not there
//   geleit.q.*  one event each that is not acknowledged yet, so that tabs never overwrite one another's
//   geleit.d    how many events were dropped and not told yet
//   geleit.w    the collector asked to be left alone until then
// State is read anew for every event: what another tab or the browser's owner changed holds at once.
(() => {
  'use strict';
  const STATE = 'geleit.me';
  const QUEUE = 'geleit.q.';
  const DROPPED = 'geleit.d';
  const WAIT = 'geleit.w';
  const LIMIT = 100; // events that wait; beyond, the oldest goes, but never a consent
  const EVENT = 32000; // bytes of one event: the collector takes no larger ones
  const BATCH = 60000; // bytes of one request: browsers let 65,536 outlive their page
  const HOUR = 3600000;

  const script = document.currentScript || document.querySelector('script[data-write-key]');
  const settings = script.dataset;
  const stub = window.geleit || {};
  if (stub.version) return; // embedded twice
  const host = settings.host || script.src.replace(/\/[^/]*$/, '');
  const category = settings.category || 'analytics';
  const pages = settings.pages || 'load';
  // geleitGPC stands before this script where its server was asked with the header
  const objects = window.geleitGPC || navigator.globalPrivacyControl || navigator.doNotTrack === '1';

  const said = {}; // the last page, identify and group, told when consent comes while the page is open
  const flying = {}; // keys of events on their way
  let unsaved = {}; // choices that allow nothing to be stored
  let mine = {}; // keys of this page's events
  let here, from, timer;
  let last = 0;
  let failures = 0;

  // -- keeping --------------------------------------------------------------------------------------------------------

  const memory = {}; // where storing is impossible, or no longer allowed
  const onDisk = (work) => {
    try {
      return work(localStorage);
    } catch (error) {
      return undefined; // blocked by the browser, or full
    }
  };
  const parse = (text) => {
    try {
      return JSON.parse(text);
    } catch (error) {
      return null;
    }
  };
  const get = (key) => memory[key] || onDisk((disk) => disk.getItem(key)) || '';
  const stored = () => {
    const state = parse(get(STATE));
    return state && state.c && state.c[category] ? state : null;
  };
  const read = () => (objects ? null : stored());
  const put = (key, text) => {
    memory[key] = text;
    if (key !== STATE && !read()) return;
    onDisk((disk) => {
      disk.setItem(key, text);
      delete memory[key];
    });
  };
  const cut = (key) => {
    delete memory[key];
    onDisk((disk) => disk.removeItem(key));
  };
  const save = (state) => put(STATE, JSON.stringify(state));
  const keys = (prefix) =>
    [...Object.keys(memory), ...(onDisk(Object.keys) || [])].filter((key) => key.startsWith(prefix)).sort();
  const clearDisk = () => keys('geleit.').forEach((key) => onDisk((disk) => disk.removeItem(key)));
  const number = () =>
    [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const bytes = (text) => new Blob([text]).size;

  // -- events ---------------------------------------------------------------------------------------------------------

  const bare = (url) => url.replace(/[?#].*/, ''); // queries hold tokens and addresses

  const look = () => {
    const wanted = (settings.query || '').split(/[\s,]+/);
    const query = new URLSearchParams();
    const campaign = {};
    new URLSearchParams(location.search).forEach((value, key) => {
      const utm = key.startsWith('utm_') && key.slice(4);
      if (utm) campaign[utm === 'campaign' ? 'name' : utm] = value;
      if (utm || wanted.includes(key)) query.append(key, value);
    });
    const search = query.toString() && '?' + query;
    const url = bare(location.href) + search;
    return { campaign, page: { path: location.pathname, url, search, title: document.title, referrer: from } };
  };

  const drop = (event) => {
    const told = (event && event.context.dropped) || 0;
    put(DROPPED, String(+get(DROPPED) + told + 1));
  };

  const tell = (type, fields, state) => {
    state = state || read();
    if (!state) return;
    last = Math.max(Date.now(), last + 1); // what happens in one moment keeps its order
    const context = {
      ...look(),
      locale: navigator.language,
      userAgent: navigator.userAgent,
      library: { name: 'geleit.js', version: '__VERSION__' },
      consent: { categoryPreferences: state.c },
      dropped: +get(DROPPED) || undefined,
    };
    if (type === 'page') fields.properties = { ...context.page, ...fields.properties };
    const messageId = number();
    const timestamp = new Date(last);
    const event = { type, messageId, timestamp, context, anonymousId: state.a, userId: state.u, ...fields };
    const text = JSON.stringify(event);
    cut(DROPPED);
    if (bytes(text) > EVENT) return drop(event);
    const key = QUEUE + last.toString(36) + messageId;
    put(key, text);
    mine[key] = true;
    const queue = keys(QUEUE);
    const oldest = queue.length > LIMIT && queue.find((one) => !get(one).includes('"event":"consent_'));
    if (oldest) {
      drop(parse(get(oldest)));
      cut(oldest);
    }
    if (!failures) later(20); // what belongs together travels together
  };

  // -- sending --------------------------------------------------------------------------------------------------------

  const later = (wait) => {
    clearTimeout(timer);
    timer = setTimeout(flush, wait);
  };

  // One tab sends at a time. Pages without locks (plain http) may send an event twice; the collector keeps one.
  const flush = () => (navigator.locks ? navigator.locks.request('geleit', run).catch(run) : run());

  const run = async () => {
    if (!read()) clearDisk(); // another tab may have written while consent was withdrawn
    let batch;
    while ((batch = some(keys(QUEUE))).length) {
      const pause = get(WAIT) - Date.now();
      if (pause > 0) return later(pause);
      if (await send(batch)) failures = 0;
      else return later(Math.min(60000, 500 * 2 ** ++failures) * (1 + Math.random()));
    }
  };

  const some = (queue) => {
    let size = 0;
    return queue.filter((key) => !flying[key] && get(key) && (size += bytes(get(key)) + 1) < BATCH);
  };

  const send = async (batch, leaving) => {
    const events = batch.map((key) => parse(get(key))).filter(Boolean);
    const one = events.length === 1;
    const sent = one ? events[0] : { batch: events };
    const body = JSON.stringify({ ...sent, sentAt: new Date(), writeKey: settings.writeKey });
    const url = host + '/v1/' + (one ? events[0].type[0] : 'b');
    // a text needs no preflight; a beacon would carry cookies, so it is only for browsers that cannot do without
    if (leaving && !('keepalive' in Request.prototype)) return navigator.sendBeacon(url, body);
    const options = { method: 'POST', body, keepalive: true, credentials: 'omit', referrerPolicy: 'origin' };
    let done = false;
    batch.forEach((key) => (flying[key] = true));
    try {
      if (AbortSignal.timeout) options.signal = AbortSignal.timeout(30000); // else it may hold the lock for ever
      const answer = await fetch(url, options);
      await answer.text(); // until it is read, browsers count the request among those that may outlive the page
      const refused = [400, 413].includes(answer.status);
      const asked = answer.headers.get('Retry-After');
      const wait = asked && (asked * 1000 || Date.parse(asked) - Date.now());
      if (wait > 0) put(WAIT, String(Date.now() + Math.min(wait, HOUR)));
      if (refused) events.forEach(drop);
      done = answer.ok || refused;
      if (done) batch.forEach(cut);
    } catch (error) {
      // no network: the events wait
    }
    batch.forEach((key) => delete flying[key]);
    return done;
  };

  const leave = () => {
    const batch = some(keys(QUEUE).filter((key) => mine[key]));
    mine = {}; // a page that is left hears no answer; the next one asks again
    if (!batch.length || get(WAIT) > Date.now()) return;
    send(batch, true).then((done) => done || later(1000));
  };

  // -- what pages call ------------------------------------------------------------------------------------------------

  const api = {
    page(name, properties) {
      said.page = [name, properties];
      if (here !== location.href) {
        from = bare(here || document.referrer);
        here = location.href;
      }
      tell('page', { name, properties });
    },

    track(kind, properties) {
      tell('track', { event: kind, properties });
    },

    identify(id, traits) {
      if (id && typeof id === 'object') return api.identify('', id);
      said.identify = [id, traits];
      const state = read();
      if (state && id) {
        if (state.u && state.u !== String(id)) state.a = number(); // another person at this device
        state.u = String(id);
        save(state);
      }
      tell('identify', { traits });
    },

    group(id, traits) {
      said.group = [id, traits];
      tell('group', { groupId: String(id), traits });
    },

    alias(id, previous) {
      const state = read();
      if (state) tell('alias', { userId: String(id), previousId: previous || state.a });
    },

    // Answers what is chosen now; null where the browser objects, so that there is nothing to ask. ``proof`` (the wording,
    // its version) becomes part of the events.
    consent(choices, proof) {
      if (objects) return null;
      const old = read();
      const now = { ...(old ? old.c : unsaved) };
      if (choices) {
        Object.keys(choices).forEach((purpose) => (now[purpose] = choices[purpose] === true));
        settle(old, { ...now }, proof);
      }
      return now;
    },

    // After logging out: the next person at this device is somebody else.
    reset() {
      delete said.identify;
      delete said.group;
      const state = read();
      if (state) save({ a: number(), c: state.c });
    },
  };

  const settle = (old, now, proof) => {
    const state = { a: old ? old.a : number(), u: old ? old.u : undefined, c: now };
    const stays = now[category];
    if (stays) save(state);
    else {
      unsaved = now;
      keys('geleit.').forEach(cut); // from here on nothing is kept on the device, the last words neither
    }
    Object.keys(now).forEach((purpose) => {
      const given = now[purpose];
      if (given === !!(old && old.c[purpose]) || (given && !stays)) return;
      const event = given ? 'consent_given' : 'consent_withdrawn';
      tell('track', { event, properties: { purpose, ...proof } }, state);
    });
    if (stays && !old) ['identify', 'group', 'page'].forEach((name) => said[name] && api[name](...said[name]));
  };

  // -- what pages need not call ---------------------------------------------------------------------------------------

  const SECRET = /passw|pwd|kennwort|one-time|cc-/i; // also when "show password" has made a text field of it

  const described = (element) => {
    const found = {};
    [...element.attributes].forEach(({ name, value }) => {
      const part = name.startsWith('data-geleit-') && name.slice(12);
      if (part && part !== 'track' && part !== 'fields') found[part.replace(/-/g, '_')] = value;
    });
    return found;
  };

  const clicked = (event) => {
    if (event.button > 1) return;
    const marked = event.target.closest('[data-geleit-track]:not(form)');
    const link = event.target.closest('a[href]');
    if (marked) api.track(marked.dataset.geleitTrack, described(marked));
    else if (link && 'outbound' in settings && /^http/.test(link.protocol) && link.host !== location.host)
      api.track('Link Followed', { url: bare(link.href) });
  };

  const submitted = (event) => {
    const form = event.target;
    const kind = form.getAttribute('data-geleit-track');
    if (!kind) return;
    const properties = described(form);
    (form.getAttribute('data-geleit-fields') || '').split(/[\s,]+/).forEach((pair) => {
      const [name, property] = pair.split(':');
      const fields = [...form.elements].filter((field) => name && field.name === name);
      const secret = ({ type, id, autocomplete }) =>
        /^(password|file)$/.test(type) || SECRET.test([name, id, autocomplete]);
      const values = fields
        .filter(({ type, checked }) => checked || !/^(checkbox|radio)$/.test(type))
        .map(({ value }) => value);
      if (values.length && !fields.some(secret)) properties[property || name] = values.length > 1 ? values : values[0];
    });
    api.track(kind, properties);
  };

  // A company's page never breaks by us.
  const safe = (work) => (...values) => {
    try {
      return work(...values);
    } catch (error) {
      console.error('geleit:', error);
    }
  };

  const watchHistory = () => {
    let seen = look().page.url;
    const moved = () =>
      setTimeout(() => {
        const now = look().page.url;
        if (now !== seen) stub.page();
        seen = now;
      });
    ['pushState', 'replaceState'].forEach((name) => {
      const original = history[name];
      history[name] = function () {
        original.apply(this, arguments);
        moved();
      };
    });
    addEventListener('popstate', moved);
  };

  const start = () => {
    const before = objects && stored();
    if (before) {
      const none = {};
      Object.keys(before.c).forEach((purpose) => (none[purpose] = false));
      settle(before, none, { by: 'browser signal' });
    }
    Object.keys(api).forEach((name) => (stub[name] = safe(api[name])));
    stub.version = '__VERSION__';
    window.geleit = stub;
    (stub.q || []).forEach(([name, ...values]) => stub[name](...values));
    if (pages !== 'none') {
      stub.page();
      addEventListener('pageshow', (event) => event.persisted && stub.page()); // back again
    }
    if (pages === 'history') watchHistory();
    ['click', 'auxclick'].forEach((name) => document.addEventListener(name, safe(clicked), true));
    document.addEventListener('submit', safe(submitted), true);
    addEventListener('online', () => ((failures = 0), later(0)));
    addEventListener('pagehide', leave);
    document.addEventListener('visibilitychange', () => document.hidden && leave());
    later(0); // what earlier pages could not send
  };

  if (document.prerendering) document.addEventListener('prerenderingchange', start, { once: true });
  else start();
})();
