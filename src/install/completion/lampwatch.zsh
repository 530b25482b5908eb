#compdef lampwatch
# SPDX-License-Identifier: ISC
# zsh: what may stand at the cursor is known by the program itself (lampwatch complete).
local line word
local -a candidates
for line in "${(@f)$(${~words[1]} complete -- "${(@)words[2,CURRENT]}" 2> /dev/null)}"; do
	case $line in
	:files) _files ;;
	:folders) _files -/ ;;
	?*)
		word=${${line%%$'\t'*}//:/\\:}
		[[ $line == *$'\t'* ]] && word+=:${line#*$'\t'}
		candidates+=("$word")
		;;
	esac
done
_describe lampwatch candidates
