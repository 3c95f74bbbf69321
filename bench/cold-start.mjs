// First and second starts over a folder that is in none of the system's caches, without and with read-ahead. The folder is
// an ext4 image in a mount namespace of its own, mounted anew before each cold start; root and loop devices are needed.
//   node bench/cold-start.mjs [files] [ms that each read of the disk takes; 0: as it is] [rounds]
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { newHome, percentile, rounded, startDaemon } from './daemon.mjs';
import { cpuSeconds, family } from './process-family.mjs';

const NAMESPACE = 'CODI_BENCH_NAMESPACE';
if (!process.env[NAMESPACE]) {
  const env = { ...process.env, [NAMESPACE]: '1' };
  const again = ['-m', process.execPath, ...process.argv.slice(1)];
  process.exit(spawnSync('unshare', again, { stdio: 'inherit', env }).status ?? 1);
}

const [files = 100_000, delayMs = 1, rounds = 1] = process.argv.slice(2).map(Number);
const home = newHome();
const [image, slow, mount] = ['image', 'slow', 'mount'].map((name) => join(home, name));
const root = join(mount, 'root');
const run = (command, ...args) => execFileSync(command, args, { encoding: 'utf8' }).trim();
const attach = (file, ...flags) => run('losetup', '--direct-io=on', '--show', ...flags, '-f', file);

function fill() {
  for (let directory = 0; directory < files / 10; directory++) {
    const path = join(root, `g${directory % 100}`, `d${directory}`);
    mkdirSync(path, { recursive: true });
    for (let file = 0; file < 10; file++) writeFileSync(join(path, `f${file}.txt`), 'x');
  }
}

/** Ends as `release` does: nothing is left of it. */
async function slowed() {
  writeFileSync(slow, '');
  const script = fileURLToPath(new URL('slow-file.mjs', import.meta.url));
  const server = spawn(process.execPath, [script, image, slow, String(delayMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(server.stdout, 'data');
  return { file: slow, release: () => run('umount', slow) };
}

const remount = (device) => {
  spawnSync('umount', [mount], { stdio: 'ignore' });
  run('mount', '-o', 'ro,noload,noatime', device, mount);
};

async function start(data, settings) {
  const daemon = await startDaemon([root], data, settings);
  const seconds = { ready: daemon.readyMs / 1_000, cpu: cpuSeconds(family(daemon.pid)) };
  await daemon.stop({ keep: true });
  return seconds;
}

const MODES = { without: { CODI_MONITOR_READ_AHEAD: '0' }, with: {} };
const KINDS = ['first cold', 'second cold', 'first warm', 'second warm'];
const took = new Map();

/** Both modes take turns, the other one first in every second round: the machine has its moods. */
async function round(device, number) {
  const modes = Object.keys(MODES);
  if (number % 2 === 1) modes.reverse();
  const data = {};
  for (const kind of KINDS)
    for (const mode of modes) {
      if (kind.endsWith('cold')) remount(device);
      if (kind.startsWith('first')) {
        if (data[mode]) rmSync(data[mode], { recursive: true });
        data[mode] = newHome();
      }
      const result = await start(data[mode], MODES[mode]);
      const key = `${kind.padEnd(12)} ${mode.padEnd(8)}`;
      took.set(key, [...(took.get(key) ?? []), result]);
    }
  for (const home of Object.values(data)) rmSync(home, { recursive: true });
}

function report() {
  for (const [key, results] of took) {
    const of = (figure) => {
      const values = results.map((result) => result[figure]);
      return `${rounded(percentile(values, 0.5))} (${values.map(rounded).join(', ')})`;
    };
    console.log(`${key} ${of('ready')} s, ${of('cpu')} s CPU`);
  }
}

mkdirSync(mount);
writeFileSync(image, '');
truncateSync(image, files * 20_000 + 2 ** 28);
run('mkfs.ext4', '-q', '-F', '-N', String(files * 2), image);
const writable = attach(image);
run('mount', writable, mount);
fill();
run('umount', mount);
run('losetup', '-d', writable);

const below = delayMs > 0 ? await slowed() : { file: image, release: () => undefined };
const device = attach(below.file, '-r');
try {
  for (let number = 0; number < rounds; number++) await round(device, number);
  report();
} finally {
  spawnSync('umount', [mount]);
  run('losetup', '-d', device);
  below.release();
  rmSync(home, { recursive: true, force: true });
}
