import { join } from 'node:path';
import { checkProof, type CheckedProof } from '../protocol/audit/proof.ts';
import type { VerifierKey } from '../protocol/audit/signed-note.ts';
import { EXIT } from '../protocol/errors.ts';
import type { BodyOf } from '../protocol/messages.ts';
import { plural, showCount, showDuration } from './amounts.ts';
import { readPath } from './argument-values.ts';
import {
  checkDatabases,
  describeFinding,
  type Checked,
  type DatabaseName,
  type KeptCheckpoint,
  describeBreak,
} from './audit-findings.ts';
import { withAuditSource } from './audit-source.ts';
import type { ExportCheck } from './export/check-exports.ts';
import { untilInterrupted } from './interruption.ts';
import type { Invocation } from './invocation.ts';
import { withProgress } from './progress.ts';
import { describeEntry, readCheckpoints, readKeys, readText } from './proof-text.ts';
import { safeText } from './safe-text.ts';
import { usageError } from './usage-error.ts';

const DATABASES = ['ledger', 'state'] as const;
const SHOWN_FINDINGS = 10;

/** Options of `codi audit verify`. */
export interface VerifyOptions {
  proof?: string;
  key?: string;
  database?: string;
  checkpoint?: string;
  /** What was found in the contents of exports, when those were read. */
  exports?: ExportCheck;
}

/** What a whole check found. */
interface Report extends Checked {
  alarms: BodyOf<'AuditHeads'>['alarms'];
  breaks: NonNullable<BodyOf<'AuditHeads'>['breaks']>;
  isWhole: boolean;
  isDaemon: boolean;
  durationMs: number;
}

/** `codi audit verify --proof`: needs the file and the public key, nothing else. */
export async function verifyProof(
  file: string,
  key: string | undefined,
  invocation: Invocation,
): Promise<number> {
  const { out, globals } = invocation;
  const keys = await keysFrom(key, invocation);
  const text =
    file === '-'
      ? await readStdin(invocation)
      : await readText(readPath(file, invocation), 'proof');
  const checked = checkProof(parsed(text), keys);
  if (globals.json) await out.json(proofJson(checked));
  else if (!checked.ok || !globals.quiet) await out.lines(proofLines(checked, invocation));
  return checked.ok ? EXIT.done : EXIT.degraded;
}

/** `codi audit verify`: everything, or one database. */
export async function verifyAll(
  { database, key, checkpoint, exports }: VerifyOptions,
  invocation: Invocation,
): Promise<number> {
  const databases = DATABASES.filter((name) => database === undefined || name === database);
  if (databases.length === 0)
    throw usageError(`there is no database ${database}`, 'name ledger or state');
  const kept =
    checkpoint === undefined
      ? []
      : await readCheckpoints(readPath(checkpoint, invocation), await keysFrom(key, invocation));
  const report = await check(databases, kept, invocation);
  const { isWhole, findings, alarms, breaks, durationMs, blocks, entries, segments, leafOnly } =
    report;
  const { losses, lost } = report;
  const isGood = findings.length === 0 && alarms.length === 0;
  const { out, globals } = invocation;
  if (globals.json) {
    const ok = isGood && isWhole && exports?.ok !== false;
    const counts = { blocks, entries, segments, leaf_only: leafOnly, lost };
    const found = { findings, losses, alarms, breaks };
    const contents = exports && { exports: { ...exports } };
    await out.json({ ok, ...counts, ...found, ...contents, duration_ms: durationMs });
  } else if (!globals.quiet || !isGood) await out.lines(reportLines(report, invocation));
  if (!isGood) return EXIT.degraded;
  return isWhole ? EXIT.done : EXIT.tryAgain;
}

/** The keys that were named, else those of the data directory. */
async function keysFrom(key: string | undefined, invocation: Invocation): Promise<VerifierKey[]> {
  if (key !== undefined) return readKeys(key);
  return readKeys(join((await invocation.endpoint()).dataDir, 'audit', 'key.pub'));
}

async function check(
  databases: readonly DatabaseName[],
  kept: readonly KeptCheckpoint[],
  invocation: Invocation,
): Promise<Report> {
  const { io } = invocation;
  const startMs = io.nowMs();
  let detail = '';
  const onPiece = (name: DatabaseName, checked: number, blocks: number) => {
    const left = estimate(io.nowMs() - startMs, checked, blocks);
    detail = `${name}.db, block ${showCount(checked)} of ${showCount(blocks)}${left}`;
  };
  return untilInterrupted(invocation, (signal) =>
    withAuditSource(invocation, (source) => {
      const work = async () => {
        const checked = await checkDatabases(source, databases, kept, signal, onPiece);
        const { alarms, breaks } = await source.ask('AuditHead', {});
        const durationMs = io.nowMs() - startMs;
        const { isDaemon } = source;
        return {
          ...checked,
          alarms,
          breaks: breaks ?? [],
          isWhole: !signal.aborted,
          isDaemon,
          durationMs,
        };
      };
      return withProgress(invocation, 'verifying', work, () => detail);
    }),
  );
}

function reportLines(report: Report, { style }: Invocation): string[] {
  const { findings, alarms, breaks, isWhole, isDaemon, durationMs } = report;
  const isGood = findings.length === 0 && alarms.length === 0;
  const bad = findings
    .slice(0, SHOWN_FINDINGS)
    .map((finding) => `${style.red('bad:')} ${safeText(describeFinding(finding))}`);
  const more = findings.length - bad.length;
  if (more > 0) bad.push(`  and ${showCount(more)} more`);
  const found = alarms.map(({ about, reason, detected_at: at }) => {
    return `${style.red('alarm:')} ${safeText(`${about}: ${reason}, found ${at}`)}`;
  });
  if (found.length > 0)
    found.push('  once explained, move its file out of audit/alarms in the data directory');
  const known = breaks.map((one) => safeText(describeBreak(one)));
  const lost = report.losses
    .slice(0, SHOWN_FINDINGS)
    .map((loss) => `${style.yellow('known loss:')} ${safeText(describeFinding(loss))}`);
  const moreLost = report.losses.length - lost.length;
  if (moreLost > 0) lost.push(`  and ${showCount(moreLost)} more`);
  const verdict = isGood ? style.green('verified') : style.yellow('looked at');
  const where = isDaemon ? '' : ', offline';
  const head = isWhole ? verdict : style.yellow('interrupted after');
  return [
    ...bad,
    ...found,
    ...known,
    ...lost,
    `${head} ${amounts(report)} in ${showDuration(durationMs)}${where}`,
  ];
}

/** `430 entries in 40 blocks, 2 archive segments, 16 blocks of deleted entries by their leaf alone`. */
function amounts({ blocks, entries, segments, leafOnly, lost }: Checked): string {
  return [
    `${plural(entries, 'entry', 'entries')} in ${plural(blocks, 'block')}`,
    ...(segments > 0 ? [`${plural(segments, 'archive segment')}`] : []),
    ...(leafOnly > 0
      ? [`${plural(leafOnly, 'block')} of deleted entries by their leaf alone`]
      : []),
    ...(lost > 0 ? [`${plural(lost, 'block')} lost before`] : []),
  ].join(', ');
}

function proofLines(checked: CheckedProof, { style }: Invocation): string[] {
  if (!checked.ok) return [`${style.red('not proved:')} ${safeText(checked.reason)}`];
  const { origin, size } = checked.checkpoint;
  return [
    `${style.green('proved')}  ${safeText(describeEntry(checked.entry))}`,
    `  block ${showCount(checked.block)} of ${showCount(size)}, signed by ${safeText(origin)}`,
  ];
}

function proofJson(checked: CheckedProof): object {
  if (!checked.ok) return checked;
  const { ok, entry, block, checkpoint } = checked;
  return { ok, entry, block, origin: checkpoint.origin, size: checkpoint.size };
}

function estimate(elapsedMs: number, checked: number, blocks: number): string {
  if (checked === 0 || checked >= blocks) return '';
  return `, about ${showDuration((elapsedMs / checked) * (blocks - checked))} left`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function readStdin({ io }: Invocation): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of io.stdin) chunks.push(Buffer.from(chunk as Buffer));
  return Buffer.concat(chunks).toString('utf8');
}
