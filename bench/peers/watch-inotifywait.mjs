import { spawn } from 'node:child_process';
import { missing, versionOf } from './process.mjs';

const EVENTS = ['modify', 'attrib', 'close_write', 'move', 'create', 'delete'];

/** inotifywait, recursive, one line for each event. */
export const inotifywait = {
  title: 'inotifywait',
  missing: () => missing('inotifywait'),
  async start({ roots, look }) {
    const args = ['-m', '-r', '--format', '%w%f', ...EVENTS.flatMap((event) => ['-e', event])];
    const child = spawn('inotifywait', [...args, ...roots], { stdio: ['ignore', 'pipe', 'pipe'] });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    await new Promise((resolve, reject) => {
      child.stderr.on('data', (text) => String(text).includes('established') && resolve());
      child.once('exit', (code) => reject(new Error(`inotifywait exited with ${code}`)));
    });
    let rest = '';
    child.stdout.on('data', (chunk) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop();
      for (const path of new Set(lines)) look(path);
    });
    return {
      version: versionOf('inotifywait', '--help'),
      pids: () => [child.pid],
      stop: async () => {
        child.kill('SIGTERM');
        await exited;
      },
    };
  },
};
