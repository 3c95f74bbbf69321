/** Something in the configuration that cannot be used. */
export interface ConfigProblem {
  /** Full name of the setting, a section, or the name of a variable or file. */
  readonly key: string;
  /** Where it stands: `/home/ana/.config/codi/config.toml line 12`, `CODI_MONITOR_SETTLE`, `--socket`. */
  readonly place: string;
  /** What is wrong, as a sentence without its end. */
  readonly message: string;
  readonly expected?: string;
  /** The line to write instead. */
  readonly example?: string;
  /** The name that was probably meant. */
  readonly suggestion?: string;
}

/** Something that is odd but does not keep the daemon from starting. */
export interface ConfigWarning {
  readonly kind: 'unknownVariable' | 'shadowed' | 'noEffect';
  readonly key: string;
  readonly message: string;
}

/** One line for a person. */
export function describeProblem(problem: ConfigProblem): string {
  const parts = [`${problem.place}: ${problem.message}`];
  if (problem.expected !== undefined) parts.push(`expected ${problem.expected}`);
  if (problem.suggestion !== undefined) parts.push(`did you mean ${problem.suggestion}?`);
  if (problem.example !== undefined) parts.push(`for example ${problem.example}`);
  return parts.join('; ');
}
