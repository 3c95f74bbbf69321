// The same servers through the clients that a Node program would use. They are no dependency of codi:
//   npm install --no-save redis @nats-io/transport-node @nats-io/jetstream
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { jsonLine } from '../entry.mjs';
import { startJetStream } from './nats.mjs';
import { missing } from './process.mjs';
import { startRedis } from './redis.mjs';

const require = createRequire(import.meta.url);

/** Redis Streams through `redis`, which writes what is asked for within one turn as one pipeline. */
export const redisClient = (appendfsync) => ({
  name: `Redis ${appendfsync}, npm redis`,
  promise: appendfsync === 'always' ? 'acknowledged after fsync' : 'fsync once a second',
  missing: () => missing('redis-server') ?? absent('redis'),
  async start() {
    const { path, stop } = startRedis(appendfsync);
    const { createClient } = await load('redis');
    return {
      connect: async (entry, onAcks) => {
        const client = createClient({ socket: { path } });
        await client.connect();
        return sender({
          send: () =>
            client.xAdd('log', '*', {
              timestamp: new Date().toISOString(),
              level: entry.level,
              component: entry.component,
              message: entry.message,
              metadata: JSON.stringify(entry.metadata),
            }),
          close: () => client.close(),
          onAcks,
        });
      },
      stop,
    };
  },
});

/** JetStream through `@nats-io/jetstream`: each message published with a promise of its acknowledgment. */
export const jetStreamClient = {
  name: 'JetStream, npm @nats-io/jetstream',
  promise: 'fsync every two minutes',
  missing: () => missing('nats-server') ?? absent('@nats-io/jetstream'),
  async start() {
    const { port, stop } = await startJetStream();
    const { connect } = await load('@nats-io/transport-node');
    const { jetstream } = await load('@nats-io/jetstream');
    return {
      connect: async (entry, onAcks) => {
        const connection = await connect({ servers: `127.0.0.1:${port}` });
        const stream = jetstream(connection);
        return sender({
          send: () => stream.publish('log', jsonLine(entry)),
          close: () => connection.close(),
          onAcks,
        });
      },
      stop,
    };
  },
};

/** One promise an entry, and none left open at the end. */
function sender({ send, close, onAcks }) {
  const open = new Set();
  return {
    send: (count) => {
      for (let number = 0; number < count; number++) {
        const sent = send().then(() => {
          open.delete(sent);
          onAcks(1);
        });
        open.add(sent);
      }
    },
    close: async () => {
      await Promise.all(open);
      await close();
    },
  };
}

function absent(name) {
  try {
    require.resolve(name);
    return undefined;
  } catch {
    return `npm package ${name} is not installed`;
  }
}

async function load(name) {
  const loaded = await import(pathToFileURL(require.resolve(name)).href);
  return loaded.default ?? loaded;
}
