// Drives clients of one server: so many connections, so many entries unanswered on each, for so long.

const CHUNK_COUNT = 64;
const WINDOW_COUNT = 8_192;

/** Acknowledged entries a second over all connections, after a second of warm-up; and the server's largest RSS. */
export async function load(server, entry, { connections, seconds }) {
  const window = Math.max(CHUNK_COUNT, Math.floor(WINDOW_COUNT / connections));
  let acked = 0;
  let isOver = false;
  const open = async () => {
    let inFlight = 0;
    let wake;
    const client = await server.connect(entry, (count) => {
      acked += count;
      inFlight -= count;
      wake?.();
    });
    const run = async () => {
      while (!isOver) {
        while (inFlight + CHUNK_COUNT <= window) {
          inFlight += CHUNK_COUNT;
          client.send(CHUNK_COUNT);
        }
        await new Promise((resolve) => (wake = resolve));
      }
      await client.close();
    };
    return run;
  };
  const runs = [];
  for (let number = 0; number < connections; number++) runs.push(await open());
  let rssBytes = 0;
  const sampler = setInterval(() => {
    rssBytes = Math.max(rssBytes, server.rssBytes?.() ?? 0);
  }, 100);
  const done = runs.map((run) => run());
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const ackedBefore = acked;
  const started = performance.now();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  const rate = (acked - ackedBefore) / ((performance.now() - started) / 1_000);
  isOver = true;
  clearInterval(sampler);
  await Promise.all(done);
  return { rate, rssBytes };
}
