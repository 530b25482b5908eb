# SPDX-License-Identifier: ISC
# Real servers on high ports of 127.0.0.1, each run from a private folder: nginx, Dovecot for IMAP and POP3, Postfix for
# SMTP (which needs root, and Dovecot for its logins), dnsmasq. Source it behind the harness; have NAME says whether there
# is one, start_NAME begins it (its arguments say what is wrong with it this time), `end NAME` ends it.
. "$root/tests/postfix.sh"

listens() { (exec 3<> "/dev/tcp/127.0.0.1/$1") 2> /dev/null; }
silent() { ! listens "$1"; }
# begin NAME PORT COMMAND…, end NAME: a server of that name.
declare -A process port_of
begin() {
	local name=$1 port=$2; shift 2
	"$@" > "$work/$name.output" 2>&1 &
	process[$name]=$!; port_of[$name]=$port; pids+=($!)
	await 20 listens "$port" || { echo "Bail out! $name did not start"; sed 's/^/# /' "$work/$name.output"; exit 1; }
}
end() {
	kill "${process[$1]}"; wait "${process[$1]}" 2> /dev/null
	unset "process[$1]"
	await 20 silent "${port_of[$1]}" || fail "$1 does not stop"
}
have() {
	case $1 in
	postfix) [ "$(id -u)" = 0 ] && [ -x "$master" ] && have dovecot ;;
	*) command -v "$1" > /dev/null ;;
	esac
}

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

# ---- nginx ----
plain=$(free_port) secure=$(free_port) old=$(free_port) other=$(free_port)
secure_server() { printf 'server { listen 127.0.0.1:%s ssl; ssl_certificate %s; ssl_certificate_key %s; %s }\n' "$1" "$work/$2.pem" "$work/$3.key" "${4:-}"; }
# start_nginx [CERTIFICATE [LINES]]: those of $secure.
start_nginx() {
	mkdir -p "$work/nginx/html" "$work/nginx/temporary"
	[ "$(id -u)" != 0 ] || chmod 777 "$work/nginx/temporary"
	echo "Welcome to Gmail" > "$work/nginx/html/index.html"
	head -c 40000 /dev/zero > "$work/nginx/html/slow"
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
			$(secure_server "$secure" "${1:-good}" good "${2:-}")
			$(secure_server "$old" old good)
			$(secure_server "$other" other other)
		}
	END
	begin nginx "$plain" nginx -p "$work/nginx" -e "$work/nginx/error" -c "$work/nginx/conf"
}

# ---- Dovecot ----
dovecot_uid=$(id -un) login_uid=$(id -un) mail_uid=$(id -u) mail_gid=$(id -g)
if [ "$(id -u)" = 0 ]; then dovecot_uid=dovecot login_uid=dovenull mail_uid=$(id -u nobody) mail_gid=$(id -g nobody); fi
imap=$(free_port) imaps=$(free_port) pop3=$(free_port) pop3s=$(free_port) auth=$(free_port)
# start_dovecot [CERTIFICATE [PASSWORD]]
start_dovecot() {
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
		ssl_cert = <$work/${1:-good}.pem
		ssl_key = <$work/good.key
		default_internal_user = $dovecot_uid
		default_internal_group = $(id -gn "$dovecot_uid")
		default_login_user = $login_uid
		first_valid_uid = 0
		mail_location = maildir:$work/dovecot/mail/%u
		passdb {
		  driver = static
		  args = password=${2:-swordfish}
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
	begin dovecot "$imap" dovecot -F -c "$work/dovecot/conf"
}

# ---- Postfix, whose logins are Dovecot's ----
smtp=$port bare=$(free_port)
# start_postfix [CERTIFICATE [LEVEL]]: the level of TLS.
start_postfix() {
	configure_postfix "127.0.0.1:$bare inet n - n - - smtpd
		-o smtpd_tls_security_level=none" <<-END
		myhostname = mx.example.com
		alias_maps =
		alias_database =
		smtpd_tls_security_level = ${2:-may}
		smtpd_tls_auth_only = yes
		smtpd_tls_cert_file = $work/${1:-good}.pem
		smtpd_tls_key_file = $work/good.key
		smtpd_sasl_auth_enable = yes
		smtpd_sasl_type = dovecot
		smtpd_sasl_path = inet:127.0.0.1:$auth
	END
	begin postfix "$smtp" "$master" -c "$postfix/config" -d
}

# ---- dnsmasq ----
name=$(free_port)
# start_dnsmasq [ADDRESS]: that of good.example.
start_dnsmasq() {
	cat > "$work/dnsmasq.conf" <<-END
		listen-address=127.0.0.1
		bind-interfaces
		no-resolv
		no-hosts
		pid-file=
		user=
		group=
		local=/#/
		host-record=good.example,${1:-192.0.2.1}
		mx-host=good.example,mx.good.example,10
		txt-record=good.example,"v=spf1 -all"
	END
	begin dnsmasq "$name" dnsmasq --keep-in-foreground --conf-file="$work/dnsmasq.conf" --port="$name"
}
