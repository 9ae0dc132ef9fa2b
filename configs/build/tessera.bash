# shellcheck shell=bash
# Completion of `tessera`: commands and flags are asked from the programs, so they are always those installed.
_tessera() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]} flags words
    if [ "$COMP_CWORD" -eq 1 ]; then
        words=$(tessera --help | awk '/^  [a-z]/ { print $1 }')
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
        return
    fi
    flags=$(tessera "$command" --list-flags 2>/dev/null) || return
    words=$(awk -v flag="$before" '$1 == flag { $1 = ""; print }' <<<"$flags")
    if [ -z "${words// /}" ]; then
        case $word in
            -*) words=$(awk '{ print $1 }' <<<"$flags") ;;
            *) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
        esac
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o filenames -F _tessera tessera
