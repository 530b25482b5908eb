#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Whose fault it is when nothing answers: that of our own network only if at least three hosts of at
# least two providers are silent at once; otherwise it is theirs.
. "$(dirname "$0")/../harness.sh"
unsanitized

serve_http up
mkdir -p "$work/up/api/v2"
statuspage_page "$work/up/api/v2/summary.json" none operational

# silent PAGE…: runs over pages NAME/PROVIDER/HOST, none of which answers, until they would be lost; sets
# lines (what the run says) and lost (the pages that count as lost).
silent() {
	local page name provider host
	rm -rf "$work/archive"
	{
		echo "archive: archive"
		echo "every: 0s"
		echo "confirm: {lost: 1}"
		echo "pages:"
		for page in "$@"; do
			IFS=/ read -r name provider host <<< "$page"
			echo "  - {name: $name, provider: $provider, url: \"http://$host/\", kind: statuspage}"
		done
	} > "$work/lampwatch.yaml"
	lines=$("$lampwatch" -c "$work/lampwatch.yaml" --clock 2014-01-24T10:00:00Z run 2>&1 | grep -v 'runs as root')
	lost=$("$lampwatch" -c "$work/lampwatch.yaml" --clock 2014-01-24T10:00:00Z log 2> /dev/null | grep -c 'event lost')
}
ours() { grep -c "own network" <<< "$lines"; }

silent a/one/127.0.0.1:1 b/one/127.0.0.2:1 c/two/127.0.0.3:1
same "three hosts of two providers: our own network, and no page is lost" "1 0" "$(ours) $lost"
silent a/one/127.0.0.1:1 b/one/127.0.0.2:1 c/one/127.0.0.3:1
same "three hosts of one provider: it is down, and its pages are lost" "0 3" "$(ours) $lost"
silent a/one/127.0.0.1:1 b/two/127.0.0.2:1
same "two hosts: they are down" "0 2" "$(ours) $lost"
silent a/one/127.0.0.1:1 b/two/127.0.0.1:2 c/three/127.0.0.1:3
same "one host of three providers: it is down" "0 3" "$(ours) $lost"
silent a/one/127.0.0.1:1 b/one/127.0.0.2:1 c/two/127.0.0.3:1 d/two/127.0.0.1:"$up_port"
same "three of four hosts: they are down, for one has answered" "0 3" "$(ours) $lost"
finish
