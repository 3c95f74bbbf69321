import { join } from 'node:path';
import type { MonitorClient } from '#codi/client/index.js';
import { eventually } from '../deadline.ts';
import { RawClient } from '../raw-client.ts';
import type { Activity } from './soak-load.ts';
import type { SoakPlace } from './soak-place.ts';

const BATCH = 40;
const LINES = 5;
const ROUNDS_OF_ONE_CLIENT = 50;
const PATIENCE_MS = 60_000;

/** Every way in which entries come. */
export function writing(place: SoakPlace): Activity[] {
  return [
    single(place),
    batches(place),
    anew(place),
    lines(place),
    spooling(place),
    spooled(place),
  ];
}

const text = (place: SoakPlace) => 'x'.repeat(Math.floor(place.random() * 400));

async function log(client: MonitorClient, place: SoakPlace, name: string): Promise<void> {
  await client.log(place.acknowledged.entry(name, text(place)));
  place.acknowledged.answered(name);
}

function single(place: SoakPlace): Activity {
  let client: MonitorClient | undefined;
  return {
    name: 'single',
    everyMs: 50,
    run: async () => {
      client ??= await place.connect({ clientName: 'soak-single' });
      await log(client, place, 'single');
    },
    end: async () => client?.close(),
  };
}

function batches(place: SoakPlace): Activity {
  let client: MonitorClient | undefined;
  return {
    name: 'batch',
    everyMs: 500,
    run: async () => {
      client ??= await place.connect({ clientName: 'soak-batch' });
      const entries = Array.from({ length: BATCH }, () =>
        place.acknowledged.entry('batch', text(place)),
      );
      await client.batch(entries);
      place.acknowledged.answered('batch', BATCH);
    },
    end: async () => client?.close(),
  };
}

function anew(place: SoakPlace): Activity {
  return {
    name: 'anew',
    everyMs: 1_000,
    run: async (round) => {
      const sessionId = round % 2 === 0 ? undefined : `soak-of-one-${round}`;
      const client = await place.connect({ ...(sessionId && { sessionId }) });
      await log(client, place, 'anew');
      await client.close();
    },
  };
}

function lines(place: SoakPlace): Activity {
  let client: RawClient | undefined;
  return {
    name: 'lines',
    everyMs: 500,
    run: async (round) => {
      if (round % ROUNDS_OF_ONE_CLIENT === 0) client?.close();
      client = client?.socket.destroyed === false ? client : RawClient.unix(place.socketPath);
      const known = client.messages.length;
      for (let index = 0; index < LINES; index++)
        client.send('LogEntry', place.acknowledged.entry('lines', text(place)), 'json');
      await client.answers(known + LINES, PATIENCE_MS);
      const answers = client.messages.slice(known).map(({ payload }) => payload.body);
      const isAccepted = (body: object) => 'status' in body && body.status === 'Accepted';
      place.acknowledged.answered('lines', answers.filter(isAccepted).length);
    },
    end: async () => client?.close(),
  };
}

/** It may spool, and never has to. */
function spooling(place: SoakPlace): Activity {
  return {
    name: 'spooling',
    everyMs: 2_000,
    run: async () => {
      const { dataDir, socketPath } = place;
      const client = await place.connect({ dataDir, socketPath, spool: true });
      for (let index = 0; index < LINES; index++) await log(client, place, 'spooling');
      if (client.counts.spooled > 0) throw new Error(`${client.counts.spooled} were spooled`);
      await client.close();
    },
  };
}

/** It finds no daemon where it looks, and the daemon finds what it left. */
function spooled(place: SoakPlace): Activity {
  const directory = join(place.dataDir, 'spool');
  let asking: MonitorClient | undefined;
  return {
    name: 'spooled',
    everyMs: 10_000,
    run: async () => {
      const socketPath = join(place.home, 'run', 'nobody.sock');
      const retry = { attempts: 1 };
      const client = await place.connect({ socketPath, spool: { directory }, retry });
      for (let index = 0; index < LINES; index++) await log(client, place, 'spooled');
      await client.close();
      asking ??= await place.connect();
      const isTaken = async () => (await asking!.request('Health', {})).spools?.files === 0;
      await eventually('an empty spool', isTaken, PATIENCE_MS);
    },
    end: async () => asking?.close(),
  };
}
