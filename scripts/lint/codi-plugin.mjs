// Our own lint rules: the architecture, checked on the syntax tree. Tables stand in layers.mjs.
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { ENTRIES, layerProblem, PACKAGE_HOMES, PUBLIC_INDEXES, SQL_HOMES } from './layers.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');
const SQL =
  /^\s*(SELECT\s|INSERT\s+(OR\s|INTO\s)|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|CREATE\s+(TABLE|INDEX|VIEW|TRIGGER|UNIQUE)\s|PRAGMA\s|ALTER\s+TABLE\s|BEGIN\s+(EXCLUSIVE|IMMEDIATE))/;
const LISTENER_METHODS = new Set([
  'on',
  'once',
  'addListener',
  'prependListener',
  'addEventListener',
]);
const FREE_FUNCTIONS = new Set(['queueMicrotask', 'setTimeout', 'setInterval', 'setImmediate']);
const AMBIENT = [
  { object: 'Date', property: 'now' },
  { object: 'Math', property: 'random' },
  { object: 'performance', property: 'now' },
  { object: 'crypto', property: 'randomUUID' },
];
const EFFECT_MODULES =
  /^node:(fs|net|tls|http|https|dgram|child_process|worker_threads|timers)(\/|$)/;

/** Path of the linted file from the root. @param {any} context */
function fileOf(context) {
  return relative(ROOT, context.filename).split('\\').join('/');
}

/**
 * Calls back for every module name in imports, re-exports and dynamic imports.
 * @param {(source: any, isTypeOnly: boolean) => void} visit
 */
function onImports(visit) {
  return {
    /** @param {any} node */
    ImportDeclaration: (node) => visit(node.source, node.importKind === 'type'),
    /** @param {any} node */
    ExportNamedDeclaration: (node) => node.source && visit(node.source, node.exportKind === 'type'),
    /** @param {any} node */
    ExportAllDeclaration: (node) => visit(node.source, node.exportKind === 'type'),
    /** @param {any} node */
    ImportExpression: (node) => node.source.type === 'Literal' && visit(node.source, false),
    /** @param {any} node */
    TSImportType: (node) => node.source && visit(node.source, true),
  };
}

/** @param {(context: any, file: string) => Record<string, unknown>} make */
function rule(make) {
  return { create: (/** @type {any} */ context) => make(context, fileOf(context)) };
}

const layers = rule((context, file) =>
  onImports((source, isTypeOnly) => {
    const name = source.value;
    if (typeof name !== 'string') return;
    if (name.startsWith('.')) {
      const target = join(dirname(file), name).split('\\').join('/');
      const message = layerProblem(file, target);
      if (message !== undefined) context.report({ node: source, message });
      return;
    }
    const owner = PACKAGE_HOMES.find(
      (entry) => name === entry.name || name.startsWith(`${entry.name}/`),
    );
    if (owner !== undefined && !owner.home.test(file) && !(isTypeOnly && owner.name !== 'xstate')) {
      context.report({ node: source, message: `${owner.name} may not be imported in ${file}` });
    }
  }),
);

const processInEntries = rule((context, file) => {
  if (ENTRIES.some((entry) => entry.test(file))) return {};
  const message = 'only entry points touch `process`; take what you need as a parameter';
  return {
    ...onImports((source) => {
      if (/^(node:)?process$/.test(source.value)) context.report({ node: source, message });
    }),
    /** @param {any} node */
    MemberExpression: (node) => {
      if (isName(node.object, 'process') || isGlobalProcess(node))
        context.report({ node, message });
    },
  };
});

const sqlInStorage = rule((context, file) => {
  if (SQL_HOMES.some((home) => home.test(file))) return {};
  const message = 'SQL stands only in workers/storage and hub/store';
  return {
    /** @param {any} node */
    Literal: (node) => {
      if (typeof node.value === 'string' && SQL.test(node.value)) context.report({ node, message });
    },
    /** @param {any} node */
    TemplateElement: (node) => {
      if (SQL.test(node.value.raw)) context.report({ node, message });
    },
  };
});

const noBarrels = rule((context, file) => {
  if (PUBLIC_INDEXES.test(file)) return {};
  const message = 'no barrels: import from the file that declares it';
  return {
    /** @param {any} node */
    ExportAllDeclaration: (node) => context.report({ node, message }),
  };
});

const wrappedCallbacks = rule((context) => ({
  /** @param {any} node */
  CallExpression: (node) => {
    const { callee } = node;
    if (callee.type === 'Identifier' && FREE_FUNCTIONS.has(callee.name)) {
      const message = `${callee.name} escapes the cell: use the scope's timers or cell.raise`;
      context.report({ node, message });
    }
    if (callee.type !== 'MemberExpression' || callee.computed) return;
    const isRaw = LISTENER_METHODS.has(callee.property.name) && !isWrapped(node.arguments[1]);
    if (isRaw) {
      context.report({ node, message: 'listeners of actors go through scope.wrap(fn)' });
    }
  },
}));

const portsInActors = rule((context) => ({
  ...onImports((source, isTypeOnly) => {
    if (!isTypeOnly && EFFECT_MODULES.test(source.value)) {
      context.report({ node: source, message: `actors reach ${source.value} only through ports` });
    }
  }),
  /** @param {any} node */
  MemberExpression: (node) => {
    const found = AMBIENT.find(
      ({ object, property }) => isName(node.object, object) && isName(node.property, property),
    );
    if (found === undefined) return;
    const message = `${found.object}.${found.property} makes an actor unpredictable: use its ports`;
    context.report({ node, message });
  },
}));

const compiledCodeInTests = rule((context, file) =>
  onImports((source) => {
    const name = source.value;
    if (typeof name !== 'string' || !name.startsWith('.')) return;
    if (/^src\//.test(join(dirname(file), name))) {
      const message = 'tests import the compiled code: #codi/<path>.js';
      context.report({ node: source, message });
    }
  }),
);

/** @param {any} node @param {string} name */
function isName(node, name) {
  return node?.type === 'Identifier' && node.name === name;
}

/** `globalThis.process` @param {any} node */
function isGlobalProcess(node) {
  return isName(node.object, 'globalThis') && isName(node.property, 'process');
}

/** A call of `….wrap(…)`, given as the listener. @param {any} node */
function isWrapped(node) {
  return (
    node?.type === 'CallExpression' &&
    ((node.callee.type === 'MemberExpression' && isName(node.callee.property, 'wrap')) ||
      isName(node.callee, 'wrap'))
  );
}

export default {
  meta: { name: 'codi' },
  rules: {
    layers,
    'process-in-entries': processInEntries,
    'sql-in-storage': sqlInStorage,
    'no-barrels': noBarrels,
    'wrapped-callbacks': wrappedCallbacks,
    'ports-in-actors': portsInActors,
    'compiled-code-in-tests': compiledCodeInTests,
  },
};
