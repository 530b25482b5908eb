#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Root becomes the archive's owner before it makes anything, so that the owner's runs go on as if it
# had been theirs; and what root made in an archive before is named with its remedy.
. "$(dirname "$0")/../harness.sh"
unsanitized

skip_all() { skip "$1" "$2"; finish; exit; }
[ "$(id -u)" = 0 ] || skip_all "what root makes belongs to the archive's owner" "needs root"
command -v setpriv > /dev/null || skip_all "what root makes belongs to the archive's owner" "setpriv is not installed"
owner=65534 group=$(id -g 65534 2>/dev/null || echo 65534) name=$(id -nu 65534 2>/dev/null || echo 65534)

# The owner can read neither this build nor the folder of the test where they are root's alone.
chmod 711 "$work"
cp "$lampwatch" "$work/lampwatch"; cp -r "$root/templates" "$work/templates"; chmod -R go+rX "$work/templates"
export LAMPWATCH_TEMPLATES=$work/templates
unset STATE_DIRECTORY
lampwatch=$work/lampwatch
setpriv --reuid=$owner --regid="$group" --clear-groups "$lampwatch" --version > /dev/null 2>&1 ||
	skip_all "what root makes belongs to the archive's owner" "another user cannot run the program here"

serve_page
serve_smtp relay
mkdir -p "$work/etc"
file=$work/etc/lampwatch.yaml
# begin ARCHIVE MORE: a new home of the owner's, and no mails; the home is root's, as /etc is.
begin() {
	home=$work/home; rm -rf "$home" "$work/relay" "$work/etc"; mkdir "$home" "$work/relay" "$work/etc"
	chown "$owner:$group" "$home"
	cat > "$file" <<-YAML
		archive: $1
		from: lampwatch@example.org
		operator: admin@example.org
		every: 0s
		pages:
		  - {name: example, url: "http://127.0.0.1:$www_port/", kind: statuspage}
		routes:
		  - {name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}
		subscribers: [{mail: ops@example.com}]
		$2
	YAML
	chmod 644 "$file"
	statuspage_page "$page" none operational operational
}
# as_root WORD…, as_owner WORD…: set said and status.
as_root() { said=$("$lampwatch" -c "$file" "$@" 2>&1); status=$?; }
as_owner() { said=$(setpriv --reuid=$owner --regid="$group" --clear-groups "$lampwatch" -c "$file" "$@" 2>&1); status=$?; }
foreign() { find "$home" ! -uid $owner -o ! -gid "$group"; }

# ---- root runs once, by hand ----

begin "$work/home/lampwatch/archive" ""
as_root run
same "root runs where there is no archive yet" "0 " "$status $said"
same "what it makes belongs to the owner of the folder above" "" "$(foreign)"
check "it made an archive" test -f "$home/lampwatch/archive/example/chain"
red
as_owner run
same "the owner's run finds the red, and sends it" "0  1" "$status $said $(count_mails relay)"
as_owner run
as_root run
as_owner run
same "once: no run of either repeats it" "0  1" "$status $said $(count_mails relay)"
for words in run "run --dry-run" pack prune site "subscribe one@example.com" "unsubscribe one@example.com" "silence example --for 1h" "ack example" "outbox retry" status log verify report routes "try relay"; do
	as_root $words
	[ "$status" -lt 2 ] || fail "root: $words" "status $status: $said"
done
mkdir -p "$work/old/2013"; chmod -R go+rX "$work/old"
sed 's/major_outage/operational/' "$page" > "$work/old/2013-01-24T192000Z"; chmod 644 "$work/old/2013-01-24T192000Z"
sed "s|^archive: .*|archive: $home/second|" "$file" > "$work/etc/second.yaml"; chmod 644 "$work/etc/second.yaml"
"$lampwatch" -c "$work/etc/second.yaml" replay "$work/old" > "$work/replay" 2>&1
same "replay" 0 $?
sed "s|^archive: .*|archive: $home/third|" "$file" > "$work/etc/third.yaml"; chmod 644 "$work/etc/third.yaml"
"$lampwatch" -c "$work/etc/third.yaml" import "$work/old" > "$work/import" 2>&1
same "import" 0 $?
same "whatever root calls, all belongs to the owner" "" "$(foreign)"
check "three archives were made" test -d "$home/lampwatch/archive/example" -a -d "$home/second/example" -a -d "$home/third/example"

# ---- who acts ----

begin "$work/home/archive" ""
printf '#!/bin/sh\n(id -u; id -g; id -G) > %s/identity\ncat > /dev/null\n' "$home" > "$work/etc/identify"; chmod 755 "$work/etc/identify"
sed -i "s|- {name: relay.*|- {name: local, sendmail: $work/etc/identify}|" "$file"
as_root run
red
as_root run
same "programs that root's run starts have the owner's identity, without root's groups" \
	"$owner $(id -g $name) $(id -G $name)" "$(tr '\n' ' ' < "$home/identity" | sed 's/ $//')"

# ---- secrets ----

begin "$work/home/archive" ""
echo secret > "$work/etc/password"; chmod 600 "$work/etc/password"
sed -i 's|tls: off}|user: me, password_file: password}|' "$file"
for words in run check; do
	as_root $words
	same "$words: a secret that only root can read is an error" 3 "$status"
	check "$words: it names owner and mode" grep -q "password_file.*$work/etc/password: cannot be read: Permission denied; use the account that owns it, or let this one use it: .*belongs to root, mode 0600, and this is $name" <<< "$said"
done
check "nothing was made" test ! -e "$home/archive"
chown "$owner" "$work/etc/password"
as_root check
same "given to the owner, it is none" "0 " "$status $(grep -v "is a name for examples" <<< "$said")"

begin "$work/home/archive" "signing_key: $work/etc/key.pem"
as_root key
same "the key is the owner's also where there is no archive yet" "0 $owner:$group 600" "$status $(stat -c '%u:%g %a' "$work/etc/key.pem")"
as_root run
same "and signs" "0 " "$status $said"
check "the heads" test -f "$home/archive/heads.sig"

# ---- what root made before ----

# restored NAME: after the command that the line names, the owner's run is silent, and is not repeated.
restored() {
	local remedy; remedy=$(sed -n 's/.*as root: \(chown .*\)/\1/p' <<< "$said" | head -n 1)
	check "$1: the line says how that is mended" test -n "$remedy"
	eval "$remedy"
	as_owner run
	same "$1: after that the owner's run is silent" "0 " "$status $said"
}
begin "$work/home/archive" ""
as_owner run
install -m 600 -o root -g root /dev/null "$home/archive/.state/courier.lock" # as a run of root's that sent something
red
as_owner run
same "courier.lock is root's: exit 3" 3 "$status"
same "and one line that names it" 1 "$(grep -c "courier.lock belongs to root, mode 0600, and this is $name" <<< "$said")"
as_owner run
same "which is not repeated" "3 " "$status $said"
as_root run
same "root itself is told, as the owner that it becomes" 3 "$status"
as_owner subscribe more@example.com
check "a command that writes is told" test "$status" = 3
restored "courier.lock"
same "courier.lock: the alert went out once, and the operator hears once" 2 "$(count_mails relay)"

begin "$work/home/archive" ""
as_owner run
chown -R root:root "$home/archive/example"
red
as_owner run
same "a page's folder is root's: exit 3" 3 "$status"
check "and a line names it" grep -q "archive/example belongs to root, mode 0755, and this is $name" <<< "$said"
as_owner pack
same "pack is told" "3 1" "$status $(grep -c "archive/example belongs to root" <<< "$said")"
chown -R "$owner:$group" "$home/archive/example"
as_owner run
same "its owner again: the run is whole" 0 "$status"

begin "$work/home/archive" ""
as_owner run
chown root:root "$home/archive/.state/lampwatch.db"*
as_owner run
same "the database is root's: exit 3" 3 "$status"
check "and a line names it" grep -q "lampwatch.db.* belongs to root, mode 0600, and this is $name" <<< "$said"
restored "the database"

begin "$work/home/archive" ""
as_owner run
chown -R 1:1 "$home/archive"
as_owner run
check "an archive of another user's: the line says whom to be" grep -q "run lampwatch as $(id -nu 1 2>/dev/null || echo 1)" <<< "$said"
same "and the exit status is 3" 3 "$status"

# ---- where root is the owner ----

begin "$work/home/archive" ""
chown root:root "$home"
as_root run
same "an archive of root's own stays root's, with a warning" "0 1" "$status $(grep -c "warning: runs as root" <<< "$said")"
check "it is root's" test "$(stat -c %u "$home/archive")" = 0

# ---- where the archive cannot be looked at ----

# As a mount whose server is gone: nobody can say whose it is, and people are told all the same.
begin "$work/home/gone" ""
as_root run
mv "$home/gone" "$home/kept"; ln -s gone "$home/gone"
red
as_root run
same "a run as root goes on where the archive cannot be looked at" 3 "$status"
same "and tells what is red" 1 "$(subjects relay | grep -c '^RED')"
check "and says what is wrong" test "${said#*"$home/gone"*: Too many levels}" != "$said"

# ---- a mistake in the configuration ----

begin "$work/home/archive" ""
export STATE_DIRECTORY=$work/home/state; mkdir "$STATE_DIRECTORY"; chown "$owner:$group" "$STATE_DIRECTORY"
as_root run
same "what root's run keeps of the configuration is the owner's" "" "$(foreign)"
red; echo 'pages: [' > "$file"
as_root run
same "where the file says nothing any more, root becomes the copy's owner" "2 2" "$status $(count_mails relay)"
same "and makes nothing of its own" "" "$(foreign)"
chown -R root:root "$STATE_DIRECTORY/last-good"
as_owner run
same "a copy that is another user's is stepped over" "2 1" "$status $(grep -c 'not YAML' <<< "$said")"
as_owner check
check "and check says so" grep -q "cannot be seen: .*last-good belongs to root" <<< "$said"
unset STATE_DIRECTORY

# ---- /var/lib/lampwatch ----

if unshare --mount true 2> /dev/null; then
	begin /var/lib/lampwatch/archive ""
	cat > "$work/home.sh" <<-SH
		mount -t tmpfs none /var/lib || exit 9
		chmod 755 /var/lib
		{ grep -v '^lampwatch:' /etc/passwd; echo 'lampwatch:x:64321:64321::/var/lib/lampwatch:/bin/sh'; } > "$work/passwd"
		mount --bind "$work/passwd" /etc/passwd || exit 9
		"$lampwatch" -c "$file" run; echo "status \$?"
		find /var/lib/lampwatch ! -uid 64321
		stat -c '%U %a' /var/lib/lampwatch
		rm -r /var/lib/lampwatch; mkdir /var/lib/lampwatch
		"$lampwatch" -c "$file" run; echo "status \$?"
		find /var/lib/lampwatch ! -uid 64321
		sed -i 's|^archive:.*|archive: /var/lib/other/archive|' "$file"
		"$lampwatch" -c "$file" run 2> /dev/null; echo "status \$?"
		stat -c '%U' /var/lib/other/archive
	SH
	same "/var/lib/lampwatch is made for the user lampwatch, also where root has made it; another folder is not" \
		"status 0|lampwatch 755|status 0|status 0|root|" "$(unshare --mount bash "$work/home.sh" 2>&1 | tr '\n' '|')"
else
	skip "/var/lib/lampwatch is made for the user lampwatch" "no mount namespace can be made"
fi
finish
