# SPDX-License-Identifier: ISC
# A real Postfix, run from a private folder on a high port of 127.0.0.1, which delivers the mail of example.com into
# $postfix/mail. Source it behind the harness; need_postfix skips all that is tested, which is in names, where it cannot run.
PATH=$PATH:/usr/sbin
master=$(postconf -d -h daemon_directory 2> /dev/null)/master
postfix=$work/postfix port=$(free_port)
mkdir -p "$postfix"/{config,queue,data,mail}

skip_all() {
	local name
	for name in "${names[@]}"; do skip "$name" "$1"; done
	finish
	exit 0
}
need_postfix() {
	[ "${LAMPWATCH_PEERS:-}" = 1 ] || skip_all "needs --peers"
	[ "$(id -u)" = 0 ] || skip_all "needs root" # which its own user switching needs
	[ -x "$master" ] || skip_all "needs postfix"
}

# configure_postfix [LINES]: with the settings on standard input besides, and these lines of master.cf.
configure_postfix() {
	chmod 711 "$work" # the mail's owner, a user without rights, must be able to pass through
	chown postfix "$postfix/data" "$postfix/mail"
	{
		cat <<-END
			compatibility_level = 3.6
			queue_directory = $postfix/queue
			data_directory = $postfix/data
			maillog_file = $postfix/log
			maillog_file_prefixes = $postfix
			inet_interfaces = 127.0.0.1
			inet_protocols = ipv4
			virtual_mailbox_domains = example.com
			virtual_mailbox_base = $postfix/mail
			virtual_uid_maps = static:$(id -u postfix)
			virtual_gid_maps = static:$(id -g postfix)
			virtual_mailbox_limit = 0
			biff = no
		END
		cat
	} > "$postfix/config/main.cf"
	cat > "$postfix/config/master.cf" <<-END
		127.0.0.1:$port inet n - n - - smtpd
		${1:-}
		pickup    unix n - n   60 1 pickup
		cleanup   unix n - n -    0 cleanup
		qmgr      unix n - n    1 1 qmgr
		rewrite   unix - - n -    - trivial-rewrite
		bounce    unix - - n -    0 bounce
		defer     unix - - n -    0 bounce
		trace     unix - - n -    0 bounce
		verify    unix - - n -    1 verify
		tlsmgr    unix - - n 1000? 1 tlsmgr
		proxymap  unix - - n -    - proxymap
		anvil     unix - - n -    1 anvil
		scache    unix - - n -    1 scache
		error     unix - - n -    - error
		retry     unix - - n -    - error
		local     unix - n n -    - local
		virtual   unix - n n -    - virtual
		postlog   unix-dgram n - n - 1 postlogd
	END
	postfix -c "$postfix/config" check > "$work/check.log" 2>&1
}

# serve_postfix [LINES]: configures it so, and begins it.
serve_postfix() {
	configure_postfix "$@"
	"$master" -c "$postfix/config" -d > "$work/master.log" 2>&1 &
	pids+=($!)
	await 20 answers || { echo "Bail out! Postfix did not start"; sed 's/^/# /' "$work"/*.log "$postfix/log"; exit 1; }
}
answers() { (exec 3<> "/dev/tcp/127.0.0.1/$port" && read -r -t 2 line <&3 && [[ $line == 220* ]]) 2> /dev/null; }
