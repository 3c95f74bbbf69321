// Who may import whom: the import rule of the design as a table. Paths are relative to the root.

/**
 * @typedef {{ folder: string, title: string, may: RegExp[] }} Layer
 */

/** The first layer whose folder holds a file decides. What a layer owns it may always import. */
/** @type {Layer[]} */
export const LAYERS = [
  layer('src/supervisor/', 'the supervisor knows nothing of codi', []),
  layer('src/protocol/', 'the protocol imports nothing of ours', []),
  layer('src/config/', 'config imports the protocol at most', ['src/protocol/']),
  layer('src/telemetry/', 'telemetry imports the protocol at most', ['src/protocol/']),
  layer('src/client/', 'the client imports the protocol', ['src/protocol/']),
  layer('src/cli/', 'the CLI imports client, protocol and config', [
    'src/client/',
    'src/protocol/',
    'src/config/',
  ]),
  layer('src/workers/', 'a worker imports its own folder and the protocol', [
    'src/protocol/',
    // What the main thread is in, read from another one.
    /^src\/supervisor\/in-flight\.ts$/,
    // The host's side of the runtime's watchdog.
    /^src\/supervisor\/heartbeat\.ts$/,
    // What a flood left in memory is given back.
    /^src\/supervisor\/idle-trim\.ts$/,
  ]),
  layer('src/actors/', 'an actor gets everything else as ports', [
    'src/supervisor/',
    'src/protocol/',
    'src/telemetry/',
    'src/config/',
    /^src\/workers\/[^/]+\/[^/]+\.messages\.ts$/,
  ]),
  layer('src/platform/', 'adapters know ports, protocol and workers', [
    'src/actors/',
    'src/protocol/',
    'src/supervisor/',
    'src/workers/',
  ]),
  layer('src/hub/', 'the hub stands on client and protocol', ['src/client/', 'src/protocol/']),
  layer('src/integrations/', 'integrations stand on client and protocol', [
    'src/client/',
    'src/protocol/',
  ]),
];

/** Packages that have one home. */
export const PACKAGE_HOMES = [
  { name: 'xstate', home: /^src\/supervisor\/statechart\.ts$/ },
  { name: 'better-sqlite3', home: /^src\/(workers\/storage|hub\/store)\// },
  { name: 'better-sqlite3-multiple-ciphers', home: /^src\/workers\/storage\/cipher\// },
  { name: 'prom-client', home: /^src\/telemetry\// },
  { name: 'pino', home: /^src\/telemetry\// },
  { name: 'pino-abstract-transport', home: /^src\/integrations\/pino\.ts$/ },
  { name: 'smol-toml', home: /^src\/(config|cli)\// },
  { name: 'commander', home: /^src\/cli\// },
  { name: 'ink', home: /^src\/cli\/screens\// },
  { name: 'react', home: /^src\/cli\/screens\// },
  { name: 'msgpackr', home: /^src\/protocol\// },
  { name: '@parcel/watcher', home: /^src\/workers\/watch-host\// },
  { name: 'piscina', home: /^src\/(platform|workers)\// },
];

/** Files in which `process` may be touched: where a program, thread or process begins, or an addon is loaded. */
export const ENTRIES = [
  /^src\/(main|monitor)\.ts$/,
  /^src\/cli\/(entry|process-io)\.ts$/,
  /^src\/workers\/.*\.(worker|process)\.ts$/,
  /^src\/supervisor\/(node-environment|thread-host|process-host)\.ts$/,
  /^src\/platform\//,
  /^src\/workers\/storage\/cipher\/cipher-driver\.ts$/,
  /^src\/client\/ports\.ts$/,
];

/** Where SQL may stand. */
export const SQL_HOMES = [/^src\/workers\/storage\//, /^src\/hub\/store\//];

/** The files package.json exports; only they may pass on what others export. */
export const PUBLIC_INDEXES = /^src\/(supervisor|protocol|client)\/index\.ts$/;

/**
 * @param {string} folder @param {string} title @param {(string | RegExp)[]} may
 * @returns {Layer}
 */
function layer(folder, title, may) {
  return { folder, title, may: may.map((allowed) => asPattern(allowed)) };
}

/** @param {string | RegExp} allowed */
function asPattern(allowed) {
  return typeof allowed === 'string' ? new RegExp(`^${allowed}`) : allowed;
}

/**
 * Why `file` may not import `target`, or undefined.
 * @param {string} file @param {string} target both relative to the root
 */
export function layerProblem(file, target) {
  const own = LAYERS.find(({ folder }) => file.startsWith(folder));
  if (own === undefined || target === file) return undefined;
  const home = ownFolder(file, own.folder);
  if (target.startsWith(home)) return undefined;
  if (own.may.some((allowed) => allowed.test(target))) return undefined;
  return `${file} may not import ${target}: ${own.title}`;
}

/** Actors and workers own their own folder only, not the one of all actors. */
/** @param {string} file @param {string} folder */
function ownFolder(file, folder) {
  if (folder !== 'src/actors/' && folder !== 'src/workers/') return folder;
  const [name] = file.slice(folder.length).split('/');
  return `${folder}${name}/`;
}
