// Makes the calls of a story with a Node client of the Segment spec; a snippet of docs/clients.md stands before this.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

for (const { type, pause = 0, ago, ...call } of JSON.parse(readFileSync(process.argv[2], "utf-8"))) {
  await sleep(pause * 1000);
  if (ago !== undefined) call.timestamp = new Date(Date.now() - ago * 1000);
  if (type === "track") call.event = call.name, delete call.name;
  analytics[type](call);
}
if (analytics.closeAndFlush) await analytics.closeAndFlush({ timeout: 600_000 });
else while (analytics.queue.length || analytics.pendingFlush) {
  await analytics.flush();
  if (!analytics.queue.length) break;
}
