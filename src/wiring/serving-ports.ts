import type { AuditPort, QueryPort, Row, ServingPorts } from '../actors/serving/ports.ts';
import type { ReaderPort } from '../actors/storage/readers.actor.ts';
import type { RequestBook } from '../actors/storage/request-book.ts';
import type { MonitoringPort } from '../actors/serving/ports.ts';
import type { GapBook } from '../actors/watching/gap-book.ts';
import type { RootsMessage } from '../actors/watching/roots.actor.ts';
import type { RootTable } from '../actors/watching/root-table.ts';
import { showBytePath, type BytePath } from '../protocol/byte-path.ts';
import { CodiError } from '../protocol/errors.ts';
import type { ActorRef, Clock } from '../supervisor/index.ts';
import {
  findingsBody,
  headBody,
  proofBody,
  proveCommand,
  verifyInput,
} from '../workers/storage/audit/audit-answers.ts';
import type { ConnectionAnswers } from '../workers/storage/ledger.messages.ts';
import type { NotaryCommand, NotaryHead, ProofParts } from '../workers/storage/notary.messages.ts';

/**
 * Questions, answered by the reader pool. A listing of files, or of open gaps, without a root means the roots that
 * are watched now.
 */
export function queryPort(reader: ReaderPort, roots: RootTable): QueryPort {
  return {
    logs: (body) => reader.run('queryLogs', body),
    events: (body) => reader.run('queryEvents', body),
    sessions: (body) => reader.run('listSessions', body),
    acts: (body) => reader.run('queryActs', body),
    exports: (body) => reader.run('queryExports', body),
    gaps: (body) =>
      reader.run('queryGaps', {
        ...body,
        watched: roots.all().map((root) => showBytePath(root.path).path),
      }),
    duplicates: (body) =>
      reader.run('listDuplicates', { ...body, roots: roots.all().map((root) => root.path) }),
    history: (body) => reader.run('queryHistory', body),
    files: (body) =>
      reader.run('listFiles', { ...body, roots: roots.all().map((root) => root.path) }),
  };
}

/** Proofs come from the notary; a chain is checked by the readers, so that it takes time from neither. */
export function auditPort(notary: RequestBook<NotaryCommand>, reader: ReaderPort): AuditPort {
  return {
    head: async () => headBody(await notary.request<NotaryHead>({ type: 'head' })),
    prove: async (body) => {
      const parts = await notary.request<ProofParts>(proveCommand(body));
      return proofBody(body, parts);
    },
    verify: async (body) => findingsBody(await reader.run('verifyChain', verifyInput(body))),
  };
}

/** Watched paths, kept by the roots actor. */
export function monitoringPort(
  roots: () => ActorRef<RootsMessage>,
  table: RootTable,
  gaps: GapBook,
  clock: Clock,
): MonitoringPort {
  const ask = <Result>(
    build: (
      reply: (outcome: { ok: true; result: Result } | { ok: false; error: CodiError }) => void,
    ) => RootsMessage,
    timeoutMs: number,
  ) =>
    new Promise<Result>((resolve, reject) => {
      const timer = clock.setTimeout(
        () => reject(new CodiError('CODI_TIMEOUT', { timeoutMs })),
        timeoutMs,
      );
      const message = build((outcome) => {
        clock.clearTimeout(timer);
        if (outcome.ok) resolve(outcome.result);
        else reject(outcome.error);
      });
      if (roots().send(message) === 'queued') return;
      clock.clearTimeout(timer);
      reject(new CodiError('CODI_TRY_AGAIN', { reason: 'the watcher registry restarts' }));
    });
  return {
    add: (request) =>
      ask<unknown>((reply) => ({ type: 'add', request, reply }), ADMIN_TIMEOUT_MS).then(noResult),
    remove: (path) =>
      ask<unknown>((reply) => ({ type: 'remove', path, reply }), ADMIN_TIMEOUT_MS).then(noResult),
    sync: (paths, timeoutMs) => ask((reply) => ({ type: 'sync', paths, reply }), timeoutMs),
    watches: () => {
      if (!table.isLoaded)
        throw new CodiError('CODI_TRY_AGAIN', { reason: 'the watched paths are being loaded' });
      return table.all().map((root) => ({ ...watchRow(root), ...gapsOf(gaps, root.path) }));
    },
  };
}

const ADMIN_TIMEOUT_MS = 30_000;
const noResult = () => undefined;

function watchRow(root: ReturnType<RootTable['all']>[number]): Row {
  return {
    ...showBytePath(root.path),
    recursive: root.recursive,
    patterns: [...root.patterns],
    active: true,
    state: root.state,
    mode: root.mode,
    hint_source: root.hintSource,
    polled_directories: root.polledDirectories,
    host: root.host,
    ...(root.reason !== undefined && { reason: root.reason }),
    files: root.files,
    directories: root.directories,
    created_at: new Date(root.createdAtMs).toISOString(),
  };
}

/** Of the gaps that are open the first ones: a person looks at the rest with `codi watch gaps`. */
const SHOWN_GAPS = 20;

function gapsOf(gaps: GapBook, root: BytePath): Row {
  const open = gaps.of(root);
  if (open.length === 0) return {};
  return {
    gaps: open.slice(0, SHOWN_GAPS).map(({ reason, path, detail, sinceMs }) => ({
      reason,
      ...(path !== undefined && { path: showBytePath(path).path }),
      ...(detail !== undefined && { detail }),
      opened: new Date(sinceMs).toISOString(),
    })),
  };
}

/** Where the ledger's answers go, by connection number. */
export class AnswerDesk {
  readonly #deliverers = new Map<number, (answers: ConnectionAnswers) => void>();
  #connected = 0;

  register: ServingPorts['register'] = (connection, deliver) => {
    this.#deliverers.set(connection, deliver);
    const client = connection > 0 ? 1 : 0;
    this.#connected += client;
    return () => {
      if (this.#deliverers.delete(connection)) this.#connected -= client;
    };
  };

  /** An answer for a connection that is gone is not kept: its entry is committed all the same. */
  deliver(answers: ConnectionAnswers): void {
    this.#deliverers.get(answers.connection)?.(answers);
  }

  /** Clients; what is read from the spool has negative numbers and is none. */
  get connected(): number {
    return this.#connected;
  }
}
