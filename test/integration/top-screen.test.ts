import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { newPlace, startDaemon } from '../support/daemon.ts';
import type { DaemonPlace, RunningDaemon } from '../support/daemon.ts';
import { HAS_PTY, ScreenTerminal } from '../support/screen-terminal.ts';
import type { ScreenOptions } from '../support/screen-terminal.ts';
import { skipUnless } from '../support/skip.ts';

const onTerminal = skipUnless(HAS_PTY, "needs util-linux' script for a pseudo terminal", {
  requiredOnCi: true,
});
const ESCAPE = '\u001b';
const DOWN = '\u001b[B';

let place: DaemonPlace;
let daemon: RunningDaemon;
let screen: ScreenTerminal | undefined;

beforeAll(async () => {
  place = newPlace();
  daemon = await startDaemon(place);
}, 60_000);

afterEach(() => screen?.close());

afterAll(async () => {
  await daemon.stop();
  place.remove();
});

function open(argv: string[], options: ScreenOptions = {}): ScreenTerminal {
  screen = new ScreenTerminal([...argv, '--socket', place.socketPath], options);
  return screen;
}

async function isLeftAsItWas(left: ScreenTerminal): Promise<void> {
  await left.ended;
  expect(left.isAlternate).toBe(false);
  expect(left.isCooked).toBe(true);
  expect(left.written).toContain('\u001b[?25h');
}

onTerminal(
  'codi top fills 80x24 with the real daemon, and every line fits',
  async () => {
    const top = open(['top', '--sort', 'name']);
    await top.shows(/ledger-writer +\w+ +\d/);
    const lines = top.lines();
    expect(top.isAlternate).toBe(true);
    expect(lines[0]).toMatch(/^● healthy {2}codi \S+ {2}pid \d+ {2}up .* \d\d:\d\d:\d\d$/);
    expect(lines[0]).toContain(`pid ${daemon.pid}`);
    expect(lines[1]).toMatch(/^rss \d+ MB {2}heap \d+ MB of .* {2}wal /);
    expect(lines[2]).toMatch(/^event loop delay p50 .*, p99 .* entries\/s$/);
    expect(lines[4]).toMatch(/^ {2}▼ACTOR +STATE +MSG\/S +BUSY +MAILBOX +RST +HEAP$/);
    expect(lines[5]).toMatch(/^> \S/);
    expect(lines[22]).toMatch(/^\d+ actors {2}last 5 s .* q quit {2}\? keys/);
    expect(lines[23]).toBe('');
    top.press('q');
    await isLeftAsItWas(top);
    expect(top.exitCode).toBe(0);
  },
  60_000,
);

onTerminal(
  'an actor is killed from within codi top, after a yes, and is seen to come back',
  async () => {
    const top = open(['top', '--filter', 'state-writer']);
    await top.shows(/> core\S+state-writer/);
    top.press('\r');
    await top.shows(/core\/storage\/state-writer {3}\w+ {3}epoch 1/);
    top.press('k');
    await top.shows(/^kill core\/storage\/state-writer\? {2}y yes {2}n no$/m);
    top.press('y');
    await top.shows(/epoch 2 /);
    await top.shows(/last exit +killed by operator/);
    top.press(ESCAPE);
    await top.shows(/MSG\/S/);
    top.press('\u0003');
    await isLeftAsItWas(top);
    expect(top.exitCode).toBe(0);
  },
  60_000,
);

onTerminal(
  'keys choose, filter, list the keys and show that nothing crashed',
  async () => {
    const top = open(['top', '--sort', 'name']);
    await top.shows(/^> core/m);
    const [first] = top.lines().filter((line) => line.startsWith('> '));
    top.press(DOWN);
    await expect
      .poll(() => top.lines().find((line) => line.startsWith('> ')), { timeout: 20_000 })
      .not.toBe(first);
    top.press('/unix\r');
    await top.shows(/^> serving\/unix/m);
    top.press('?');
    await top.shows(/k R s u +in an actor: kill/);
    top.press('x');
    await top.shows(/MSG\/S/);
    top.press('c');
    await top.shows(/nothing has crashed/);
  },
  60_000,
);

onTerminal(
  'SIGTERM leaves the terminal as it was',
  async () => {
    const top = open(['top']);
    await top.shows(/MSG\/S/);
    top.signal('SIGTERM');
    await isLeftAsItWas(top);
  },
  60_000,
);

onTerminal(
  'an exception that nobody caught leaves the terminal as it was, too',
  async () => {
    const thrower = 'process.on("SIGUSR2",()=>{throw(Error("a-bug"))})';
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(thrower)}` };
    const top = open(['top'], { env });
    await top.shows(/MSG\/S/);
    top.signal('SIGUSR2');
    await isLeftAsItWas(top);
    expect(top.lines().join('\n')).toContain('a-bug');
    expect(top.exitCode).not.toBe(0);
  },
  60_000,
);

onTerminal(
  'codi top says that the daemon is gone, and goes on when it is back',
  async () => {
    const top = open(['top']);
    await top.shows(/MSG\/S/);
    await daemon.kill();
    await top.shows(/the daemon went away; waiting for it/);
    daemon = await startDaemon(place);
    await top.shows(new RegExp(`pid ${daemon.pid} `));
    await top.shows(/> \S+ +\w+ +\d/);
  },
  90_000,
);

onTerminal(
  'a terminal without colours gets none, and one that cannot move its cursor a hint',
  async () => {
    const plain = open(['top'], { env: { NO_COLOR: '1' } });
    await plain.shows(/^> \S/m);
    // Colours and attributes are CSI … m; the cursor and the screen are moved all the same.
    expect(plain.written).not.toMatch(/\u001b\[[\d;]*m/);
    plain.press('q');
    await plain.ended;
    plain.close();
    const dumb = open(['top'], { env: { TERM: 'dumb' } });
    await dumb.ended;
    expect(dumb.written).toContain('use `codi top --once`');
    expect(dumb.exitCode).toBe(2);
  },
  60_000,
);

onTerminal(
  'codi tree --watch shows the tree as it changes',
  async () => {
    const tree = open(['tree', '--watch'], { rows: 40 });
    await tree.shows(/unix +listening/);
    const debug = await daemon.debug();
    await debug.call('stop', { path: 'serving/unix', reason: 'a test' });
    await tree.shows(/unix +stopped/);
    await debug.call('restart', { path: 'serving/unix' });
    await tree.shows(/unix +listening/);
    debug.close();
    tree.press('q');
    await isLeftAsItWas(tree);
  },
  60_000,
);

it('codi top needs no terminal for --once and --json', async () => {
  const { runInProcess } = await import('../support/cli-harness.ts');
  const { socketPath } = place;
  const once = await runInProcess(['top', '--once', '--limit', '3'], { socketPath });
  expect(once.out.trim().split('\n')).toHaveLength(8);
  const frames = await runInProcess(['top', '--once', '--json'], { socketPath });
  expect(frames.json()).toHaveLength(1);
  expect(frames.json()[0]).toMatchObject({ process: { rss_bytes: expect.any(Number) } });
}, 30_000);
