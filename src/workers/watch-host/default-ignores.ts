/**
 * Names that are ignored at any depth, whatever kind of entry has them: what tools make and remake, and nobody
 * edits by hand. Names that people also give to folders of their own (build, dist, target, out, vendor, env) are
 * not here.
 */
export const DEFAULT_IGNORES: ReadonlyMap<string, string> = new Map([
  ['.git', 'Git internals (a file in worktrees and submodules)'],
  ['.hg', 'Mercurial internals'],
  ['.svn', 'Subversion internals'],
  ['.jj', 'Jujutsu internals'],
  ['.bzr', 'Bazaar internals'],
  ['.pijul', 'Pijul internals'],
  ['_darcs', 'Darcs internals'],
  ['node_modules', 'installed npm packages'],
  ['__pycache__', 'Python bytecode'],
  ['.venv', 'Python virtual environment'],
  ['venv', 'Python virtual environment'],
  ['.tox', 'Python test environments'],
  ['.nox', 'Python test environments'],
  ['.mypy_cache', 'type checker cache'],
  ['.pytest_cache', 'test runner cache'],
  ['.ruff_cache', 'linter cache'],
  ['.gradle', 'Gradle cache'],
  ['.terraform', 'Terraform plugins and modules'],
  ['.direnv', 'direnv environments'],
  ['.next', 'Next.js build output'],
  ['.nuxt', 'Nuxt build output'],
  ['.svelte-kit', 'SvelteKit build output'],
  ['.turbo', 'Turborepo cache'],
  ['.parcel-cache', 'Parcel cache'],
  ['.cache', 'cache directory of tools and of the XDG layout'],
  ['.DS_Store', 'macOS folder view settings'],
]);
