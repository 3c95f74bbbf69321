import { stat } from 'node:fs/promises';
import { loadConfig } from '../../config/load.ts';
import { describeProblem } from '../../config/problem.ts';
import { resolveConfigPath } from '../../config/paths.ts';
import { CodiError, isCodiError } from '../../protocol/errors.ts';
import { absolute } from '../../protocol/places.ts';
import { plural, showBytes } from '../amounts.ts';
import { readPath } from '../argument-values.ts';
import { machineOf } from '../endpoint.ts';
import type { Invocation } from '../invocation.ts';
import { labelledLines } from '../labelled-lines.ts';
import { safeText } from '../safe-text.ts';
import { usageError } from '../usage-error.ts';
import { Questions } from './ask.ts';
import { configText } from './config-text.ts';
import { AGENT_NAMES, findTranscripts, type FoundTranscripts } from './found-transcripts.ts';
import { beforeName, readText, writeConfig, type Written } from './write-config.ts';

export interface InitOptions {
  transcripts?: string;
  yes?: boolean;
  force?: boolean;
  dryRun?: boolean;
}

/** The variables that move the folders of agents: the daemon needs them, too. */
const AGENT_VARIABLES = { claude: 'CLAUDE_CONFIG_DIR', codex: 'CODEX_HOME' } as const;

/** `codi init` */
export async function initConfig(
  folder: string | undefined,
  options: InitOptions,
  invocation: Invocation,
): Promise<void> {
  const { globals, io, out } = invocation;
  const machine = machineOf(io);
  const { path } = resolveConfigPath(machine, globals.config);
  const workspace = await workspaceAt(readPath(folder ?? '.', invocation));
  const found = await findTranscripts(machine);
  const isAsking = io.stdin.isTTY === true && io.stdout.isTTY === true && !globals.json;
  const questions =
    isAsking && options.yes !== true && options.dryRun !== true ? new Questions(io) : undefined;
  try {
    const transcripts = await chosenTranscripts(options, found, { questions, invocation });
    const text = configText({
      workspace,
      transcripts,
      dataDir: globals.dataDir && absolute(globals.dataDir, machine),
      socket: globals.socket && absolute(globals.socket, machine),
      remarks: remarksOn(transcripts, io.env),
    });
    assertUsable(path, text);
    const facts = { path, workspace, transcripts, found: found.map(foundJson) };
    if (options.dryRun === true) {
      if (globals.json) return await out.json({ ...facts, result: 'dry_run', text });
      return await out.line(text.trimEnd());
    }
    const before = await readText(path);
    const isAnother = before !== undefined && before !== text;
    const mayReplace =
      options.force === true ||
      (isAnother && (await questions?.isWanted(`${safeText(path)} is there. Replace it?`))) ===
        true;
    const result = await writeConfig(path, text, { mayReplace, pid: io.pid });
    if (globals.json) return await out.json({ ...facts, result });
    await showResult(result, { ...facts, found }, invocation);
  } finally {
    questions?.close();
  }
}

async function workspaceAt(path: string): Promise<string> {
  const isFolder = await stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  if (!isFolder) throw new CodiError('CODI_NOT_FOUND', { what: `folder ${path}` });
  return path;
}

/** Named by an option, agreed to one by one, all of them with --yes, else none. */
async function chosenTranscripts(
  { transcripts, yes }: InitOptions,
  found: readonly FoundTranscripts[],
  { questions, invocation }: { questions: Questions | undefined; invocation: Invocation },
): Promise<string[]> {
  if (transcripts !== undefined)
    return namedTranscripts(transcripts).map((name) =>
      // The daemon may be started in another folder.
      name.startsWith('.') ? readPath(name, invocation) : name,
    );
  if (yes === true) return found.map(({ agent }) => agent);
  const chosen: string[] = [];
  for (const one of found) {
    const what = `transcripts of ${AGENT_NAMES[one.agent]}, ${foundText(one)}`;
    if (!questions)
      await invocation.note(`there are ${what}: --transcripts ${one.agent} captures them`);
    else if (await questions.isWanted(`Capture the ${what}? They are only read.`))
      chosen.push(one.agent);
  }
  return chosen;
}

function namedTranscripts(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.length === 1 && names[0] === 'none') return [];
  const wrong = names.find((name) => !(name in AGENT_NAMES) && !/^[~/.]/.test(name));
  if (wrong === undefined) return names;
  throw usageError(
    `'${wrong}' is no agent whose transcripts are known`,
    `known are ${Object.keys(AGENT_NAMES).join(', ')}; a path stands for the *.jsonl files below it; none for none`,
  );
}

function remarksOn(transcripts: readonly string[], env: Invocation['io']['env']): string[] {
  return Object.entries(AGENT_VARIABLES).flatMap(([agent, variable]) =>
    transcripts.includes(agent) && env[variable]
      ? [`${agent} is looked for where ${variable} says: the daemon needs that variable, too.`]
      : [],
  );
}

/** What is written can be read. */
function assertUsable(path: string, text: string): void {
  const result = loadConfig({ file: { path, text }, env: {}, flags: {} });
  if (result.ok) return;
  const [first] = result.errors;
  throw new CodiError('CODI_CONFIG', { reason: first ? describeProblem(first) : 'unknown' });
}

async function showResult(
  result: Written,
  facts: { path: string; workspace: string; transcripts: string[]; found: FoundTranscripts[] },
  invocation: Invocation,
): Promise<void> {
  const { io, out, style } = invocation;
  const { path, workspace, transcripts } = facts;
  const shown = safeText(path);
  const done = {
    written: `wrote ${shown}`,
    replaced: `wrote ${shown}; the one before is ${safeText(beforeName(path))}`,
    unchanged: `${shown} says so already`,
  };
  await out.line(done[result]);
  await out.lines(
    labelledLines(
      [
        ['watched', safeText(workspace) + (workspace === io.homeDir ? ' (all of it)' : '')],
        ['exports', 'captured by their names, see `codi config show monitor.export_patterns`'],
        ['transcripts', transcripts.length === 0 ? 'none' : safeText(transcripts.join(', '))],
      ],
      style,
    ),
  );
  if (invocation.globals.quiet) return;
  const isRunning = await daemonRuns(invocation);
  const next = [
    isRunning
      ? ['codi daemon stop && codi daemon start', 'the daemon that runs reads it when it starts']
      : ['codi daemon start', 'run in the background; `codi up` runs here, with the live view'],
    ['codi run -- claude', 'run an agent, or any program, in a session of its own'],
    ['codi export ls', 'what was captured'],
    ['codi doctor', 'what is wrong, if anything'],
  ] as const;
  const width = Math.max(...next.map(([command]) => command.length));
  await out.line('next:');
  for (const [command, about] of next)
    await out.line(`  ${command.padEnd(width)}  ${style.dim(about)}`);
}

async function daemonRuns(invocation: Invocation): Promise<boolean> {
  try {
    await invocation.withClient(async () => undefined, { attempts: 1 });
    return true;
  } catch (error) {
    if (isCodiError(error)) return false;
    throw error;
  }
}

function foundText({ path, files, bytes, isMore }: FoundTranscripts): string {
  const more = isMore ? 'more than ' : '';
  return `${safeText(path)} (${more}${plural(files, 'file')}, ${showBytes(bytes)})`;
}

function foundJson({ agent, path, files, bytes, isMore }: FoundTranscripts) {
  return { agent, path, files, bytes, ...(isMore && { is_more: true }) };
}
