import { stringify } from 'smol-toml';

/** What a new configuration says; all the rest has its default. */
export interface InitChoices {
  workspace: string;
  transcripts: readonly string[];
  dataDir: string | undefined;
  socket: string | undefined;
  /** Lines on what has to be there for it to work. */
  remarks: readonly string[];
}

/** The text of a configuration file. */
export function configText(choices: InitChoices): string {
  const { workspace, transcripts, dataDir, socket, remarks } = choices;
  const sections = [
    section('general', 'The folder that is watched.', { workspace }),
    ...(dataDir === undefined ? [] : [section('storage', undefined, { data_dir: dataDir })]),
    ...(socket === undefined ? [] : [section('monitor', undefined, { unix_socket_path: socket })]),
    section(
      'exports',
      'Transcripts are read, never changed. Known are claude, codex, gemini, and any folder of *.jsonl files.',
      { transcripts: [...transcripts] },
    ),
  ];
  const head = [
    'Written by `codi init`. All settings, and where their values come from: `codi config show`.',
    ...remarks,
  ];
  return `${head.map((line) => `# ${line}\n`).join('')}\n${sections.join('\n')}`;
}

function section(name: string, about: string | undefined, values: object): string {
  const comment = about === undefined ? '' : `# ${about}\n`;
  return `[${name}]\n${comment}${stringify(values).trimEnd()}\n`;
}
