#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Pages from a real server: nginx, run from a private folder on high ports of 127.0.0.1, over
# HTTP and over TLS with HTTP/2, compressed, with its own validators and a redirect.
# Runs only with LAMPWATCH_PEERS=1.
. "$(dirname "$0")/../harness.sh"
unsanitized

names=("a page over HTTP" "it came compressed" "and is kept as it is served" "the second fetch is a 304" "asked for with the server's own ETag"
	"and its own Last-Modified" "a 304 confirms what is there" "a page over HTTPS" "by HTTP/2" "the certificate is in the capture" "304 over HTTP/2, too"
	"a redirect is followed" "and is in the capture" "a change is seen" "a certificate that nobody vouches for is not believed" "one line says so"
	"what was seen before stays" "the archive is whole")
skip_all() { local name; for name in "${names[@]}"; do skip "$name" "$1"; done; finish; exit; }

[ "${LAMPWATCH_PEERS:-}" = 1 ] || skip_all "needs --peers"
PATH=$PATH:/usr/sbin
command -v nginx > /dev/null || skip_all "needs nginx"

plain=$(free_port) secure=$(free_port) moved=$(free_port)

nginx=$work/nginx page=$work/nginx/html/api/v2/summary.json
mkdir -p "$nginx"/{html/api/v2,logs,temporary}
chmod 711 "$work" # its workers are another user where we are root
[ "$(id -u)" != 0 ] || chmod 777 "$nginx/temporary"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
	-addext "subjectAltName=DNS:localhost,IP:127.0.0.1" -keyout "$nginx/key.pem" -out "$nginx/certificate.pem" 2> /dev/null
cat > "$nginx/nginx.conf" <<-END
	daemon off;
	pid $nginx/pid;
	error_log $nginx/logs/error;
	worker_processes 1;
	events {}
	http {
		log_format facts '\$server_port\t\$status\t\$server_protocol\t\$http_if_none_match\t\$http_if_modified_since\t\$sent_http_etag\t\$sent_http_last_modified\t\$sent_http_content_encoding';
		access_log $nginx/logs/access facts;
		client_body_temp_path $nginx/temporary;
		proxy_temp_path $nginx/temporary;
		fastcgi_temp_path $nginx/temporary;
		uwsgi_temp_path $nginx/temporary;
		scgi_temp_path $nginx/temporary;
		types { application/json json; }
		gzip on;
		gzip_types application/json;
		root $nginx/html;
		server { listen 127.0.0.1:$plain; }
		server {
			listen 127.0.0.1:$secure ssl http2;
			ssl_certificate $nginx/certificate.pem;
			ssl_certificate_key $nginx/key.pem;
		}
		server { listen 127.0.0.1:$moved; return 301 http://127.0.0.1:$plain\$request_uri; }
	}
END
nginx -p "$nginx" -e "$nginx/logs/error" -c "$nginx/nginx.conf" > "$work/nginx.output" 2>&1 &
pids+=($!)
answers() { (exec 3<> "/dev/tcp/127.0.0.1/$plain") 2> /dev/null; }
await 10 answers || { echo "Bail out! nginx did not start"; sed 's/^/# /' "$work/nginx.output" "$nginx/logs/error"; exit 1; }

cd "$work" || exit 1
cat > lampwatch.yaml <<-END
	archive: archive
	every: 0s
	pages:
	  - {name: plain, url: "http://127.0.0.1:$plain/", kind: statuspage, provider: plain}
	  - {name: secure, url: "https://127.0.0.1:$secure/", kind: statuspage, provider: secure}
	  - {name: moved, url: "http://127.0.0.1:$moved/", kind: statuspage, provider: moved}
END
at() { local minute=$1; shift; "$lampwatch" --clock "2014-01-24T19:$(printf %02d "$minute"):00Z" "$@"; }
# field PORT NUMBER: of the last request to that port; nginx logs after it has answered.
logged() { [ "$(grep -c "^$1" "$nginx/logs/access")" -ge "$2" ]; }
field() { grep "^$1" "$nginx/logs/access" | tail -n 1 | cut -f "$2"; }
capture() { sed -n "s/^$2: //p" "$(find "archive/$1" -name capture | sort | tail -n 1)"; }
unset CURL_CA_BUNDLE SSL_CERT_DIR
export SSL_CERT_FILE=$nginx/certificate.pem

statuspage_page "$page" none operational operational operational
touch -d "1 minute ago" "$page" # the time of what changes in the second of an answer is not asked for
at 0 -q run
await 5 logged "$plain" 2
same "${names[0]}" "fresh" "$(at 0 status plain --json | sed -n 's/.*"observation": "\(.*\)",/\1/p')"
same "${names[1]}" "gzip" "$(field "$plain" 8)"
check "${names[2]}" cmp "$page" "$(find archive/plain -name body)"
etag=$(field "$plain" 6) modified=$(field "$plain" 7)
at 1 -q run plain
await 5 logged "$plain" 3
same "${names[3]}" "304" "$(field "$plain" 2)"
same "${names[4]}" "$etag" "$(field "$plain" 4)"
same "${names[5]}" "$modified" "$(field "$plain" 5)"
same "${names[6]}" "2014-01-24T19:01:00Z" "$(at 1 status plain --json | sed -n 's/.*"last_success": "\(.*\)",/\1/p')"
same "${names[7]}" "fresh" "$(at 1 status secure --json | sed -n 's/.*"observation": "\(.*\)",/\1/p')"
same "${names[8]}" "HTTP/2.0 2" "$(field "$secure" 3) $(capture secure http-version)"
same "${names[9]}" "$(openssl x509 -in "$nginx/certificate.pem" -outform DER | sha256sum | cut -d ' ' -f 1)" "$(capture secure certificate-sha256 | tr -d : | tr A-F a-f)"
at 2 -q run secure
await 5 logged "$secure" 2
same "${names[10]}" "304" "$(field "$secure" 2)"
same "${names[11]}" "fresh" "$(at 2 status moved --json | sed -n 's/.*"observation": "\(.*\)",/\1/p')"
same "${names[12]}" "http://127.0.0.1:$plain/api/v2/summary.json" "$(capture moved final)"
sleep 1.1 # nginx makes its validators of seconds and length
statuspage_page "$page" major major_outage operational operational
at 3 run > output 2>&1
same "${names[13]}" "0 3" "$(wc -c < output) $(at 3 status | grep -c ' Mail .*major outage')"
unset SSL_CERT_FILE
at 4 run secure > output 2>&1; status=$?
same "${names[14]}" "1" "$status"
same "${names[15]}" "1 1" "$(wc -l < output) $(grep -c '^lampwatch: secure: .*certificate' output)"
check "${names[16]}" grep -q "secure: unreachable, last seen 2014-01-24 19:03 UTC" <(at 4 status secure)
check "${names[17]}" at 4 verify
finish
