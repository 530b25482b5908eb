#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# What shells complete, by the files that are installed for them: typed at a terminal with TAB, by bash, zsh and fish
# (the last two are skipped by name where they are not installed).
. "$(dirname "$0")/../harness.sh"
unsanitized

mkdir -p "$work/bin" "$work/home" "$work/functions" && cd "$work/home" || exit 1
ln -s "$lampwatch" "$work/bin/lampwatch"
export PATH=$work/bin:$PATH HOME=$work/home XDG_CONFIG_HOME=$work/home XDG_DATA_HOME=$work/home TERM=dumb
files=$root/src/install/completion
cp "$files/lampwatch.zsh" "$work/functions/_lampwatch"
cat > lampwatch.yaml <<-'YAML'
	archive: archive
	pages:
	  - {name: harbour, url: "https://status.harbour.example/", kind: statuspage}
YAML
sed 's/harbour/tidewater/g' lampwatch.yaml > other.yaml

# offers NAME EXPECTED WORD…: what the program itself offers in place of the last word.
offers() { same "$1" "$2" "$("$lampwatch" complete -- "${@:3}" | sed 's/\t.*//' | paste -sd ' ')"; }
offers "commands" "report replay" rep
offers "also behind help" "report replay" help rep
offers "options with what they are for" "--since" report --si
check "and that stands behind them" grep -qP '^--since\tfrom then on' <("$lampwatch" complete -- report --)
offers "options of every command" "--clock" status --cl
offers "no options of others" "" status --since
offers "the words of an option" "degraded partial_outage major_outage" subscribe --floor ""
offers "those that begin so" "incident" subscribe --on inc
offers "words of a command" "retry" outbox re
offers "pages" "harbour" show ""
offers "of the configuration that is named" "tidewater" -c other.yaml show ""
offers "not where -c is no option of ours" "harbour" silence --reason -c other.yaml ""
offers "kinds" "hetzner" kinds --test hetz
offers "services, beside files" "github :files" add githu
offers "files" ":files" verify --key ""
offers "folders" ":folders" init --archive ""
offers "nothing in place of what is free" "" silence harbour --for ""
offers "nothing behind what is no command" "" nothing ""
echo 'pages: [' > broken.yaml
offers "no pages of a configuration that is broken" "" -c broken.yaml show ""

# typed SHELL START: what the shell does with each line of the tests below, typed with TAB.
typed() {
	local shell=$1 ready=$2; shift 2
	{
		printf '%s\n' "$@" "ready>|lampwatch vers"$'\t' "lampwatch 0.|lampwatch report --sin"$'\t' "since|lampwatch show harb"$'\t' "archive|exit"
	} > "$work/answers"
	shown=$(python3 "$root/tests/end-to-end/answer.py" "$work/answers" $ready 2>&1)
	check "$shell completes a command" grep -q "^lampwatch 0\." <<< "$shown"
	check "$shell completes an option" grep -q "option '--since' requires an argument" <<< "$shown"
	check "$shell completes the name of a page" grep -q 'show harbour' <<< "$shown"
}
typed bash "bash --norc --noprofile -i" ' |PS1="re""ady>"; bind "set enable-bracketed-paste off"; . '"$files/lampwatch.bash"
if command -v zsh > /dev/null; then
	typed zsh "zsh -f -i" ' |PS1="re""ady>"; unsetopt zle_bracketed_paste 2> /dev/null; fpath=('"$work/functions"' $fpath); autoload -U compinit; compinit -u -D'
else
	skip "zsh completes" "zsh is not installed"
fi
if command -v fish > /dev/null; then
	for pair in "lampwatch vers=version" "lampwatch report --sin=--since" "lampwatch show harb=harbour" "lampwatch verify --key lamp=lampwatch.yaml"; do
		same "fish completes ${pair%=*}" "${pair##*=}" "$(fish --no-config -c "source '$files/lampwatch.fish'; complete -C '${pair%=*}'" | sed 's/\t.*//')"
	done
	check "fish says what it is for" grep -qP '^version\tprint the version' <(fish --no-config -c "source '$files/lampwatch.fish'; complete -C 'lampwatch vers'")
else
	skip "fish completes" "fish is not installed"
fi
finish
