// The configuration, declared once: types, defaults, default.toml, schema.json, docs/config.md,
// the names of environment variables and the error messages all come from here.
import { z } from 'zod';

import { audit } from './sections/audit.ts';
import { debug } from './sections/debug.ts';
import { eventsLog } from './sections/events-log.ts';
import { exports } from './sections/exports.ts';
import { general } from './sections/general.ts';
import { http } from './sections/http.ts';
import { limits } from './sections/limits.ts';
import { monitor } from './sections/monitor.ts';
import { resourceLimits, serverHub, shutdown } from './sections/operation.ts';
import { spool } from './sections/spool.ts';
import { storage } from './sections/storage.ts';

/** Keyed as the program sees it; the TOML names of settings are in their metadata. */
export const configSchema = z.object({
  general,
  storage,
  audit,
  monitor,
  eventsLog,
  exports,
  limits,
  spool,
  http,
  debug,
  shutdown,
  serverHub,
  resourceLimits,
});

type DeepReadonly<T> = T extends readonly (infer Item)[]
  ? readonly Item[]
  : T extends object
    ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> }
    : T;

/** The checked configuration: numbers with their unit in the name, deep-frozen. */
export type Config = DeepReadonly<z.output<typeof configSchema>>;

/** TOML section names, and a line about each for the file and the docs. */
export const SECTIONS = {
  general: { tomlName: 'general', title: 'Who works here, and how much is said' },
  storage: { tomlName: 'storage', title: 'Where the data lives, and how it is written' },
  audit: { tomlName: 'audit', title: 'What is signed, and how often' },
  monitor: { tomlName: 'monitor', title: 'The way in, and what is watched' },
  eventsLog: { tomlName: 'events_log', title: 'File events as lines, in files or pipes' },
  exports: { tomlName: 'exports', title: 'What agents export, and how it is kept' },
  limits: { tomlName: 'limits', title: 'What clients may take' },
  spool: { tomlName: 'spool', title: 'What clients left while the daemon was away' },
  http: { tomlName: 'http', title: 'Metrics and health for machines' },
  debug: { tomlName: 'debug', title: 'The view inside the running daemon' },
  shutdown: { tomlName: 'shutdown', title: 'The way out' },
  serverHub: { tomlName: 'server_hub', title: 'The hub: any keys, not read in this version' },
  resourceLimits: { tomlName: 'resource_limits', title: 'Limits under their earlier names' },
} as const satisfies Record<keyof Config, { tomlName: string; title: string }>;

/** The section whose keys are not checked. */
export const FREE_SECTION = 'server_hub';
