package main

// completionScripts are the scripts by which shells ask the program. Values never pass
// through eval.
var completionScripts = map[string]string{"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion}

// Bash splits words at = and :, so they are put together again, and what it took for an
// earlier word is cut from the candidates. It works with the bash 3.2 of macOS.
const bashCompletion = `# cdrmend completion for bash
_cdrmend() {
  local rest=$COMP_LINE before word i program=$1
  local -a words=()
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]} before=$rest
    rest=${rest#"${rest%%[![:space:]]*}"}
    if ((i > 0)) && [[ $before == "$rest" && $word ]]; then
      words[${#words[@]}-1]+=$word
    else
      words[${#words[@]}]=$word
    fi
    rest=${rest#"$word"}
  done
  [[ $program != '~/'* ]] || program=$HOME/${program#'~/'}

  local current=${words[${#words[@]}-1]} cut=0 head
  if [[ $COMP_WORDBREAKS == *=* && $current == *=* ]]; then head=${current%%=*}=; cut=${#head}; fi
  if [[ $COMP_WORDBREAKS == *:* && $current == *:* ]]; then head=${current%:*}:; cut=${#head}; fi

  local kind= value about
  COMPREPLY=()
  while IFS=$'\t' read -r value about; do
    if [[ ! $kind ]]; then
      kind=$value
    else
      COMPREPLY[${#COMPREPLY[@]}]=${value:cut}
    fi
  done < <("$program" __complete bash "${words[@]:1}" 2>/dev/null)

  local option=
  [[ $kind == file ]] && option=-f
  [[ $kind == dir ]] && option=-d
  if [[ $option ]]; then
    word=${current:cut}
    while IFS= read -r value; do
      COMPREPLY[${#COMPREPLY[@]}]=$value
    done < <(compgen "$option" -- "$word")
    type compopt &>/dev/null && compopt -o filenames 2>/dev/null
  fi
  return 0
}
complete -F _cdrmend cdrmend
`

const zshCompletion = `#compdef cdrmend
# cdrmend completion for zsh
_cdrmend() {
  local program=${(Q)words[1]} kind line value about
  local -a lines values
  program=${program/#\~\//$HOME/}
  lines=("${(@f)$("$program" __complete zsh "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
  kind=$lines[1]
  for line in "${(@)lines[2,-1]}"; do
    value=${line%%$'\t'*} about=${line#*$'\t'}
    values+=("${value//:/\\:}${about:+:$about}")
  done

  local found=1
  if (( $#values )); then
    _describe -V cdrmend values && found=0
  fi
  case $kind in
    file) compset -P '--*='; _files && found=0 ;;
    dir) compset -P '--*='; _files -/ && found=0 ;;
  esac
  return found
}
if [[ $funcstack[1] == _cdrmend ]]; then
  _cdrmend "$@"
else
  compdef _cdrmend cdrmend
fi
`

const fishCompletion = `# cdrmend completion for fish
function __cdrmend_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program $words[1]
    set -e words[1]
    set -l lines ($program __complete fish $words "$current" 2>/dev/null)
    set -l kind "$lines[1]"
    set -e lines[1]
    for line in $lines
        echo -- $line
    end

    set -l flag (string match -r -- '^--[^=]*=' "$current"; or echo)
    set -l rest (string replace -r -- '^--[^=]*=' '' "$current")
    if test "$kind" = file
        for found in (__fish_complete_path "$rest")
            echo -- "$flag$found"
        end
    else if test "$kind" = dir
        for found in (__fish_complete_directories "$rest")
            echo -- "$flag$found"
        end
    end
end
complete -c cdrmend -f -k -a '(__cdrmend_complete)'
`
