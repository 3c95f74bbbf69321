import { z } from 'zod';
import { CodiError } from '../../protocol/errors.ts';
import { FIELD_LIMITS } from '../../protocol/limits.ts';
import type { DebugSubscriptions, DebugVerbs } from '../../protocol/debug/verbs.ts';

const ITEMS_MAX = 10_000;
/** Actors of one frame. */
const FRAME_ACTORS_MAX = 2_000;
const DAY_MS = 86_400_000;

const path = z.string().min(1).max(FIELD_LIMITS.path);
const reason = z.string().min(1).max(1_000).optional();
const limit = z.int().min(1).max(ITEMS_MAX).optional();
const timeMs = z.int().min(1).max(DAY_MS);
const end = z.object({ path, reason, counted: z.boolean().optional() });
const stream = { pattern: path, limit: z.int().min(1), for_ms: timeMs };

/** The parameters of each verb and subscription. What is not listed is ignored. */
export const PARAMS = {
  hello: z.object({}),
  tree: z.object({}),
  inspect: z.object({ path }),
  peek: z.object({ path, definition: z.boolean().optional() }),
  recent: z.object({ path }),
  crashes: z.object({
    limit,
    path: path.optional(),
    fingerprint: z.string().min(1).max(64).optional(),
  }),
  reports: z.object({ limit, path: path.optional() }),
  stats: z.object({ path: path.optional() }),
  why: z.object({ path }),
  deadletters: z.object({ limit, to: path.optional() }),
  leaks: z.object({ path: path.optional() }),
  unsubscribe: z.object({ subscription: z.int() }),
  kill: end,
  restart: end,
  stop: end,
  suspend: z.object({ path, ttl_ms: timeMs.optional(), reason }),
  resume: z.object({ path, reason }),
  replay: z.object({
    ids: z.array(z.int().min(1)).max(ITEMS_MAX).optional(),
    to: path.optional(),
    limit,
    reason,
  }),
  watch_tree: z.object({}),
  watch_reports: z.object({
    limit: z.int().min(0).max(ITEMS_MAX).optional(),
    path: path.optional(),
  }),
  top: z.object({
    interval_ms: z.int().min(1_000).max(60_000).optional(),
    limit: z.int().min(1).max(FRAME_ACTORS_MAX).optional(),
  }),
  trace: z.object({
    ...stream,
    direction: z.enum(['handled', 'sent']).optional(),
    type: z.string().min(1).max(256).optional(),
  }),
  stately: z.object(stream),
} satisfies Record<keyof DebugVerbs | keyof DebugSubscriptions, z.ZodType>;

export type ParamsOf<Verb extends keyof typeof PARAMS> = z.output<(typeof PARAMS)[Verb]>;

/** @throws CodiError CODI_MESSAGE_INVALID that names the field */
export function readParams<Verb extends keyof typeof PARAMS>(
  verb: Verb,
  given: object,
): ParamsOf<Verb> {
  const read = PARAMS[verb].safeParse(given);
  if (read.success) return read.data as ParamsOf<Verb>;
  const [issue] = read.error.issues;
  const field = issue?.path.map(String).join('.') ?? '';
  const words = `${verb}: ${field === '' ? '' : `${field}: `}${issue?.message ?? 'not valid'}`;
  throw new CodiError(
    'CODI_MESSAGE_INVALID',
    { reason: words },
    { hint: 'see docs/debug-protocol.md for the parameters of each verb' },
  );
}
