// Makes the calls of a story with a browser's client, which keeps who the visitor is; a snippet of docs/clients.md
// stands before this.
const sleep = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));
const read = async () =>
  globalThis.STORY ?? JSON.parse((await import("node:fs")).readFileSync(process.argv[2], "utf-8"));

for (const { type, pause = 0, ago, ...call } of await read()) {
  await sleep(pause);
  const options = call.context ? { context: call.context } : {};
  if (ago !== undefined) options.timestamp = new Date(Date.now() - ago * 1000);
  if (type === "page") {
    analytics.setAnonymousId(call.anonymousId);
    await analytics.page(call.name, call.properties);
  } else if (type === "identify") await analytics.identify(call.userId, call.traits, options);
  else if (type === "group") await analytics.group(call.groupId, call.traits);
  else if (type === "alias") await analytics.alias(call.userId, call.previousId);
  else await analytics[type](call.name, call.properties, options);
  globalThis.BEGAN = true;
}
globalThis.DONE = true;
