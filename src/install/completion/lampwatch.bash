# SPDX-License-Identifier: ISC
# bash: what may stand at the cursor is known by the program itself (lampwatch complete).
_lampwatch() {
	local line current=${COMP_WORDS[COMP_CWORD]}
	COMPREPLY=()
	while IFS= read -r line; do
		case $line in
		:files | :folders)
			compopt -o filenames
			mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen "$([ "$line" = :files ] && echo -f || echo -d)" -- "$current")
			;;
		*) COMPREPLY+=("${line%%$'\t'*}") ;;
		esac
	done < <("${1/#\~/$HOME}" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2> /dev/null)
}
complete -F _lampwatch lampwatch
