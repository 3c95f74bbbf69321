import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { dial, missing, versionOf } from './process.mjs';

/** Watchman with a server of its own; it says itself which file has which size. */
export const watchman = {
  title: 'Watchman',
  missing: () => missing('watchman'),
  async start({ roots, home, know }) {
    const folder = join(home, 'watchman');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const at = (name) => join(folder, name);
    const options = [`--sockname=${at('sock')}`, `--logfile=${at('log')}`];
    const server = spawn(
      'watchman',
      [...options, `--pidfile=${at('pid')}`, '--no-save-state', '--foreground'],
      { stdio: 'ignore' },
    );
    const exited = new Promise((resolve) => server.once('exit', resolve));
    const socket = await dial({ path: at('sock') });
    const onAnswer = [];
    let baselines = roots.length;
    let onBaselines;
    const isKnown = new Promise((resolve) => (onBaselines = resolve));
    eachLine(socket, (line) => {
      const message = JSON.parse(line);
      if (!message.subscription || message.subscribe) {
        if (message.error) throw new Error(message.error);
        onAnswer.shift()?.(message);
      } else if (baselines > 0) {
        if (--baselines === 0) onBaselines();
      } else {
        for (const file of message.files ?? [])
          know(join(message.root, file.name), file.exists ? file.size : null);
      }
    });
    const ask = (command) =>
      new Promise((resolve) => {
        onAnswer.push(resolve);
        socket.write(`${JSON.stringify(command)}\n`);
      });
    for (const root of roots) {
      await ask(['watch', root]);
      await ask([
        'subscribe',
        root,
        'bench',
        { fields: ['name', 'exists', 'size'], expression: ['type', 'f'] },
      ]);
    }
    await isKnown;
    return {
      version: versionOf('watchman', '--version'),
      pids: () => [server.pid],
      stop: async () => {
        socket.destroy();
        server.kill('SIGKILL');
        await exited;
      },
    };
  },
};

function eachLine(socket, onLine) {
  let rest = [];
  socket.on('data', (chunk) => {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      rest.push(chunk.subarray(start, end));
      onLine(Buffer.concat(rest).toString());
      rest = [];
      start = end + 1;
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
  });
}
