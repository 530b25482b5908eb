#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Checks of real servers on high ports of 127.0.0.1, each run from a private folder: nginx, Dovecot for
# IMAP and POP3, Postfix for SMTP (which needs root), dnsmasq; each of them well, broken, stopped and
# started again. Runs only with LAMPWATCH_PEERS=1.
. "$(dirname "$0")/../harness.sh"

web=("nginx answers" "a body with its text" "500" "it is slow" "a header" "over HTTPS" "an expired certificate" "a name that its certificate lacks"
	"it is stopped" "and started again")
mail=("IMAP with TLS" "IMAP with STARTTLS" "POP3 with TLS" "POP3 with STARTTLS" "an IMAP login" "a POP3 login" "a wrong password at IMAP" "a wrong password at POP3"
	"a handshake alone" "a certificate that ends soon" "its capabilities are kept" "and no password" "it is said goodbye" "Dovecot is stopped" "and started again"
	"a login by the whole program" "and its wrong password" "a password that has become unreadable is no fault of the server" "and none of them is kept or said")
relay=("SMTP with STARTTLS" "an SMTP login" "they are said goodbye" "a wrong password at SMTP" "Postfix without STARTTLS" "Postfix is stopped" "and started again")
dns=("an address" "an exchanger" "a text" "an answer that is not there" "a name that is not there" "dnsmasq is stopped" "and started again")
skip_all() { local reason=$1 name; shift; for name; do skip "$name" "$reason"; done; }
if [ "${LAMPWATCH_PEERS:-}" != 1 ]; then skip_all "needs --peers" "${web[@]}" "${mail[@]}" "${relay[@]}" "${dns[@]}"; finish; exit; fi
PATH=$PATH:/usr/sbin

# Ports that were free a moment ago; none of these servers can choose one itself.
free_port() { perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport'; }
listens() { (exec 3<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null; }
silent() { ! listens "$1"; }
# begin NAME PORT COMMAND…, end NAME PORT: a server of that name.
declare -A process
begin() {
	local name=$1 port=$2; shift 2
	"$@" > "$work/$name.output" 2>&1 &
	process[$name]=$!; pids+=($!)
	await 20 listens "$port" || { echo "Bail out! $name did not start"; sed 's/^/# /' "$work/$name.output"; exit 1; }
}
end() { kill "${process[$1]}"; wait "${process[$1]}" 2> /dev/null; await 20 silent "$2" || fail "$1 does not stop"; }

chmod 711 "$work" # some of them become another user where we are root
certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 5 -subj "/CN=$1" -addext "subjectAltName=DNS:$2" \
		-keyout "$work/$1.key" -out "$work/$1.pem" 2> /dev/null
}
certificate good localhost
certificate other elsewhere.example
ends=$(date -u -d "$(openssl x509 -in "$work/good.pem" -noout -enddate | cut -d = -f 2)" +%F)
openssl req -new -key "$work/good.key" -subj /CN=localhost -addext subjectAltName=DNS:localhost -out "$work/old.csr"
printf '[ca]\ndefault_ca=own\n[own]\nnew_certs_dir=%s\ndatabase=%s/index\nserial=%s/serial\ndefault_md=sha256\npolicy=any\ncopy_extensions=copy\n[any]\ncommonName=supplied\n' \
	"$work" "$work" "$work" > "$work/ca.conf"
: > "$work/index"; echo 01 > "$work/serial"
openssl ca -batch -config "$work/ca.conf" -selfsign -keyfile "$work/good.key" -startdate 20130101000000Z -enddate 20140123190000Z -in "$work/old.csr" -out "$work/old.pem" \
	-notext 2> "$work/ca.log"

# once CHECK…: "STATE WORD" of each, one a line; what came with it is in $work/answers.
once() {
	"$BUILD/tests/check-once" "$@" > "$work/answers" 2>> "$work/complaints"
	local head word
	while IFS=$'\t' read -r head word _; do case $word in "{"*) word= ;; esac; set -- $head; echo "$2${word:+ $word}"; done < "$work/answers"
}
expect() { same "$1" "$2" "$(once "$3")"; }
ca=ca_file=$work/good.pem

# ---- nginx ----
if command -v nginx > /dev/null; then
	plain=$(free_port) secure=$(free_port) old=$(free_port) other=$(free_port)
	mkdir -p "$work/nginx/html" "$work/nginx/temporary"
	[ "$(id -u)" != 0 ] || chmod 777 "$work/nginx/temporary"
	echo "Welcome to Gmail" > "$work/nginx/html/index.html"
	head -c 40000 /dev/zero > "$work/nginx/html/slow"
	server() { printf 'server { listen 127.0.0.1:%s ssl; ssl_certificate %s; ssl_certificate_key %s; }\n' "$1" "$work/$2.pem" "$work/$3.key"; }
	cat > "$work/nginx/conf" <<-END
		daemon off;
		pid $work/nginx/pid;
		error_log $work/nginx/error;
		worker_processes 1;
		events {}
		http {
			access_log off;
			client_body_temp_path $work/nginx/temporary;
			proxy_temp_path $work/nginx/temporary;
			fastcgi_temp_path $work/nginx/temporary;
			uwsgi_temp_path $work/nginx/temporary;
			scgi_temp_path $work/nginx/temporary;
			root $work/nginx/html;
			server {
				listen 127.0.0.1:$plain;
				location /broken { return 500; }
				location /slow { limit_rate 20k; }
			}
			$(server "$secure" good good)
			$(server "$old" old good)
			$(server "$other" other other)
		}
	END
	start_nginx() { begin nginx "$plain" nginx -p "$work/nginx" -e "$work/nginx/error" -c "$work/nginx/conf"; }
	start_nginx
	expect "${web[0]}" "good" "http=http://127.0.0.1:$plain/"
	expect "${web[1]}" "good" "http=http://127.0.0.1:$plain/ contains=Gmail matches=G.ail"
	expect "${web[2]}" "failed HTTP 500" "http=http://127.0.0.1:$plain/broken"
	expect "${web[3]}" "slow slower than 0.5 s" "http=http://127.0.0.1:$plain/slow within=500 total=8000"
	expect "${web[4]}" "good" "http=http://127.0.0.1:$plain/ header=Server:+nginx"
	expect "${web[5]}" "good" "http=https://localhost:$secure/ $ca"
	expect "${web[6]}" "failed certificate expired 2014-01-23" "http=https://localhost:$old/ ca_file=$work/old.pem"
	expect "${web[7]}" "failed certificate is for another name" "http=https://localhost:$other/ ca_file=$work/other.pem"
	end nginx "$plain"
	expect "${web[8]}" "failed connection refused" "http=http://127.0.0.1:$plain/"
	start_nginx
	expect "${web[9]}" "good" "http=http://127.0.0.1:$plain/"
	end nginx "$plain"
else
	skip_all "needs nginx" "${web[@]}"
fi

# ---- Dovecot, and who may log in for Postfix, too ----
dovecot_uid=$(id -un) login_uid=$(id -un) mail_uid=$(id -u) mail_gid=$(id -g)
if [ "$(id -u)" = 0 ]; then dovecot_uid=dovecot login_uid=dovenull mail_uid=$(id -u nobody) mail_gid=$(id -g nobody); fi
imap=$(free_port) imaps=$(free_port) pop3=$(free_port) pop3s=$(free_port) auth=$(free_port)
if command -v dovecot > /dev/null; then
	mkdir -p "$work/dovecot"/{run,state,mail}
	chmod 711 "$work/dovecot"
	chown "$mail_uid" "$work/dovecot/mail"
	cat > "$work/dovecot/conf" <<-END
		base_dir = $work/dovecot/run
		state_dir = $work/dovecot/state
		log_path = $work/dovecot/log
		protocols = imap pop3
		listen = 127.0.0.1
		ssl = required
		ssl_cert = <$work/good.pem
		ssl_key = <$work/good.key
		default_internal_user = $dovecot_uid
		default_internal_group = $(id -gn "$dovecot_uid")
		default_login_user = $login_uid
		first_valid_uid = 0
		mail_location = maildir:$work/dovecot/mail/%u
		passdb {
		  driver = static
		  args = password=swordfish
		}
		userdb {
		  driver = static
		  args = uid=$mail_uid gid=$mail_gid home=$work/dovecot/mail/%u
		}
		service anvil {
		  chroot =
		}
		service auth {
		  inet_listener {
		    port = $auth
		  }
		}
		service imap-login {
		  chroot =
		  inet_listener imap {
		    port = $imap
		  }
		  inet_listener imaps {
		    port = $imaps
		    ssl = yes
		  }
		}
		service pop3-login {
		  chroot =
		  inet_listener pop3 {
		    port = $pop3
		  }
		  inet_listener pop3s {
		    port = $pop3s
		    ssl = yes
		  }
		}
	END
	start_dovecot() { begin dovecot "$imap" dovecot -F -c "$work/dovecot/conf"; }
	start_dovecot
	expect "${mail[0]}" "good" "imap=imaps://localhost:$imaps $ca"
	expect "${mail[1]}" "good" "imap=imap://localhost:$imap $ca"
	expect "${mail[2]}" "good" "pop3=pop3s://localhost:$pop3s $ca"
	expect "${mail[3]}" "good" "pop3=pop3://localhost:$pop3 $ca"
	right="user=ops password=swordfish total=20000" wrong="user=ops password=wrong-horse total=20000"
	expect "${mail[4]}" "good" "imap=imaps://localhost:$imaps $ca $right"
	cp "$work/answers" "$work/kept"
	expect "${mail[5]}" "good" "pop3=pop3://localhost:$pop3 $ca $right"
	cat "$work/answers" >> "$work/kept"
	expect "${mail[6]}" "failed login refused" "imap=imap://localhost:$imap $ca $wrong"
	cat "$work/answers" >> "$work/kept"
	expect "${mail[7]}" "failed login refused" "pop3=pop3s://localhost:$pop3s $ca $wrong"
	cat "$work/answers" >> "$work/kept"
	expect "${mail[8]}" "good" "tls=localhost:$imaps $ca"
	expect "${mail[9]}" "slow certificate expires $ends" "tls=localhost:$imaps $ca days=14"
	same "${mail[10]}" "1 1" "$(grep -c '"capabilities":.*"\* CAPABILITY IMAP4rev1[^"]*AUTH=PLAIN' <(head -n 1 "$work/kept")) $(grep -c '"greeting":."+OK Dovecot' <(sed -n 2p "$work/kept"))"
	secret() { printf '\0ops\0%s' "$1" | base64; }
	same "${mail[11]}" "4 0" "$(wc -l < "$work/kept") $(grep -c -e swordfish -e wrong-horse -e "$(secret swordfish)" -e "$(secret wrong-horse)" "$work/kept")"
	same "${mail[12]}" "2" "$(grep -c 'Logged out' "$work/dovecot/log")"
	end dovecot "$imap"
	expect "${mail[13]}" "failed connection refused" "imap=imaps://localhost:$imaps $ca"
	start_dovecot
	expect "${mail[14]}" "good" "imap=imaps://localhost:$imaps $ca"
	# Of two checks of a probe one logs in, in a process of its own.
	(umask 077; echo swordfish > "$work/right"; echo wrong-horse > "$work/wrong")
	probe() {
		printf 'archive: archive\nprobes:\n  - name: mail\n    checks:\n      - {name: web, imap: "imaps://localhost:%s", ca_file: good.pem}\n' "$imaps"
		printf '      - {name: login, imap: "imaps://localhost:%s", ca_file: good.pem, user: ops, password_file: %s}\n' "$imaps" "$1"
	}
	shown() { (cd "$work" && "$lampwatch" -c "$1.yaml" probe mail 2>&1 | grep -v "runs as root" | tee -a said | sed 's/  */ /g; s/ $//'); }
	probe right > "$work/right.yaml"; probe wrong > "$work/wrong.yaml"
	same "${mail[15]}" "● green web good
● green login good" "$(shown right)"
	same "${mail[16]}" "● green web good
■ RED login login refused" "$(shown wrong)"
	(cd "$work" && "$lampwatch" -c right.yaml run 2>&1 | grep -v "runs as root" > said.run; "$lampwatch" -c right.yaml --json probe mail >> said 2> /dev/null)
	mv "$work/right" "$work/away"
	same "${mail[17]}" "" "$(shown right | grep RED)"
	same "${mail[18]}" "1" "$(cd "$work" && grep -l -r -e swordfish -e wrong-horse said said.run archive away 2> /dev/null | wc -l)"
else
	skip_all "needs dovecot" "${mail[@]}"
fi

# ---- Postfix ----
master=$(postconf -d -h daemon_directory 2> /dev/null)/master
if [ "$(id -u)" = 0 ] && [ -x "$master" ] && [ -n "${process[dovecot]:-}" ]; then
	smtp=$(free_port) bare=$(free_port) postfix=$work/postfix
	mkdir -p "$postfix"/{config,queue,data}
	chown postfix "$postfix/data"
	cat > "$postfix/config/main.cf" <<-END
		compatibility_level = 3.6
		queue_directory = $postfix/queue
		data_directory = $postfix/data
		maillog_file = $postfix/log
		maillog_file_prefixes = $postfix
		inet_interfaces = 127.0.0.1
		inet_protocols = ipv4
		myhostname = mx.example.com
		alias_maps =
		alias_database =
		smtpd_tls_security_level = may
		smtpd_tls_auth_only = yes
		smtpd_tls_cert_file = $work/good.pem
		smtpd_tls_key_file = $work/good.key
		smtpd_sasl_auth_enable = yes
		smtpd_sasl_type = dovecot
		smtpd_sasl_path = inet:127.0.0.1:$auth
	END
	cat > "$postfix/config/master.cf" <<-END
		127.0.0.1:$smtp inet n - n - - smtpd
		127.0.0.1:$bare inet n - n - - smtpd
			-o smtpd_tls_security_level=none
		cleanup   unix n - n -    0 cleanup
		rewrite   unix - - n -    - trivial-rewrite
		tlsmgr    unix - - n 1000? 1 tlsmgr
		proxymap  unix - - n -    - proxymap
		anvil     unix - - n -    1 anvil
		postlog   unix-dgram n - n - 1 postlogd
	END
	sed -i 's/^\t*-o/  -o/' "$postfix/config/master.cf"
	postfix -c "$postfix/config" check > "$work/postfix.check" 2>&1
	start_postfix() { begin postfix "$smtp" "$master" -c "$postfix/config" -d; }
	start_postfix
	expect "${relay[0]}" "good" "smtp=smtp://localhost:$smtp $ca"
	expect "${relay[1]}" "good" "smtp=smtp://localhost:$smtp $ca $right"
	logged() { [ "$(grep -c ' disconnect from ' "$postfix/log")" -ge 2 ]; }
	await 10 logged
	same "${relay[2]}" "0 2" "$(grep -c 'lost connection after [^C]' "$postfix/log") $(grep -c 'disconnect from .* quit=1' "$postfix/log")"
	expect "${relay[3]}" "failed login refused" "smtp=smtp://localhost:$smtp $ca $wrong"
	expect "${relay[4]}" "failed STARTTLS is not offered" "smtp=smtp://localhost:$bare $ca"
	end postfix "$smtp"
	expect "${relay[5]}" "failed connection refused" "smtp=smtp://localhost:$smtp $ca"
	start_postfix
	expect "${relay[6]}" "good" "smtp=smtp://localhost:$smtp $ca"
	end postfix "$smtp"
else
	skip_all "needs root, postfix and dovecot" "${relay[@]}"
fi
[ -z "${process[dovecot]:-}" ] || end dovecot "$imap"

# ---- dnsmasq ----
if command -v dnsmasq > /dev/null; then
	name=$(free_port)
	cat > "$work/dnsmasq.conf" <<-END
		listen-address=127.0.0.1
		bind-interfaces
		no-resolv
		no-hosts
		pid-file=
		user=
		group=
		local=/#/
		host-record=good.example,192.0.2.1
		mx-host=good.example,mx.good.example,10
		txt-record=good.example,"v=spf1 -all"
	END
	start_dnsmasq() { begin dnsmasq "$name" dnsmasq --keep-in-foreground --conf-file="$work/dnsmasq.conf" --port="$name"; }
	start_dnsmasq
	at="server=127.0.0.1:$name"
	expect "${dns[0]}" "good" "dns=good.example $at answers=192.0.2.1"
	expect "${dns[1]}" "good" "dns=good.example $at record=MX answers=mx.good.example"
	expect "${dns[2]}" "good" "dns=good.example $at record=TXT answers=v=spf1+-all"
	expect "${dns[3]}" 'failed the records lack "192.0.2.2"' "dns=good.example $at answers=192.0.2.2"
	expect "${dns[4]}" "failed no such name" "dns=nosuch.example $at"
	end dnsmasq "$name"
	expect "${dns[5]}" "failed no name server could answer" "dns=good.example $at"
	start_dnsmasq
	expect "${dns[6]}" "good" "dns=good.example $at"
	end dnsmasq "$name"
else
	skip_all "needs dnsmasq" "${dns[@]}"
fi
same "nothing complains" "" "$(cat "$work/complaints" 2> /dev/null)"
finish
