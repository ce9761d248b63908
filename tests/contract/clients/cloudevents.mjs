// Sends a story as CloudEvents: structured, binary and in batches; a snippet of docs/clients.md stands before this.
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const waiting = [];
const story = JSON.parse(readFileSync(process.argv[2], "utf-8"));
for (const [place, { kind, data, pause = 0 }] of story.entries()) {
  await sleep(pause * 1000);
  const event = new CloudEvent({ source: "/shop", type: `com.example.${kind}.v1`, data });
  if (place % 3 === 0) await send(HTTP.structured(event));
  else if (place % 3 === 1) await send(HTTP.binary(event));
  else waiting.push(event);
}
await sendBatch(waiting);
