import type { Command } from 'commander';
import { readChoice } from '../argument-values.ts';
import type { CliContext } from '../context.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

// Each script only asks `codi __complete` for candidates: what can be completed, sessions and actors of
// the running daemon among it, is known there and needs no new script.
const SCRIPTS: Readonly<Record<(typeof SHELLS)[number], string>> = {
  bash: `# codi completion for bash; load with: source <(codi completion bash)
_codi_complete() {
  local IFS=$'\\n' word="\${COMP_WORDS[COMP_CWORD]}" line="\${COMP_LINE:0:COMP_POINT}"
  local words=("\${COMP_WORDS[@]:1:COMP_CWORD-1}")
  COMPREPLY=()
  local candidate
  while IFS= read -r candidate; do
    if [[ "$candidate" == ':files' ]]; then
      compopt -o default 2>/dev/null
    elif [[ "$candidate" == "$word"* ]]; then
      COMPREPLY+=("$candidate")
    fi
  done < <("\${COMP_WORDS[0]}" __complete -- "\${words[@]}" "$word" 2>/dev/null)
}
complete -F _codi_complete codi`,
  zsh: `#compdef codi
# codi completion for zsh; load with: source <(codi completion zsh)
_codi() {
  local -a candidates
  candidates=("\${(@f)$("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if (( \${candidates[(I):files]} )); then
    _files
    candidates=("\${(@)candidates:#:files}")
  fi
  compadd -- $candidates
}
if [[ "\${funcstack[1]}" == "_codi" ]]; then _codi "$@"; else compdef _codi codi; fi`,
  fish: `# codi completion for fish; load with: codi completion fish | source
function __codi_complete
  set -l words (commandline -opc) (commandline -ct)
  for candidate in ($words[1] __complete -- $words[2..-1] 2>/dev/null)
    if test "$candidate" = ':files'
      __fish_complete_path (commandline -ct)
    else
      echo $candidate
    end
  end
end
complete -c codi -f -a '(__codi_complete)'`,
};

/** `codi completion bash|zsh|fish` */
export function define(command: Command, context: CliContext): void {
  command
    .argument('<shell>', SHELLS.join(', '))
    .addHelpText(
      'after',
      `
Examples:
  source <(codi completion bash)
  codi completion zsh > ~/.zfunc/_codi
  codi completion fish > ~/.config/fish/completions/codi.fish`,
    )
    .action((shell: string) =>
      context.run(command, (invocation) =>
        invocation.out.line(SCRIPTS[readChoice(shell, SHELLS, 'a shell')]),
      ),
    );
}
