#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Names are looked up as this system does it, by a fetcher that the kernel holds: by DNS, by systemd-resolved over its
# socket, and by a proxy in place of us. In namespaces of its own, where 198.51.100.7 stands for the Internet and port
# 53 is ours. With LAMPWATCH_PEERS=1 by dnsmasq, too, and systemd-resolved comes from its packages where it is not
# installed; it is not installed, for that changes how the machine itself looks names up.
set -u
BUILD=${1:-${BUILD:?usage: resolving.sh BUILD}}
# fetch_resolved: puts what the packages hold into a cache outside of the repository, once; sets LAMPWATCH_RESOLVED.
fetch_resolved() {
	export LAMPWATCH_RESOLVED="${XDG_CACHE_HOME:-$HOME/.cache}/lampwatch-test/resolved"
	[ ! -e "$LAMPWATCH_RESOLVED/whole" ] || return 0
	local package
	mkdir -p "$LAMPWATCH_RESOLVED" && cd "$LAMPWATCH_RESOLVED" &&
		timeout 120 apt-get download systemd-resolved libnss-resolve > log 2>&1 &&
		for package in *.deb; do dpkg -x "$package" . || return 1; done && touch whole
}
if [ -z "${LAMPWATCH_NAMESPACE:-}" ]; then
	if [ "${LAMPWATCH_PEERS:-0}" = 1 ] && [ ! -x /lib/systemd/systemd-resolved ] && command -v apt-get > /dev/null; then
		(fetch_resolved) && fetch_resolved
	fi
	if [ "$(id -u)" = 0 ] && command -v ip > /dev/null && unshare -mn ip link set lo up 2> /dev/null; then
		LAMPWATCH_NAMESPACE=1 exec unshare -mn --propagation private bash "$0" "$BUILD"
	fi
	echo "1..1"
	echo "ok 1 - names are looked up as this system does it # SKIP only root may set up a network here"
	exit 0
fi
. "$(dirname "$0")/../harness.sh"
unsanitized
unset CURL_CA_BUNDLE SSL_CERT_DIR
ip link set lo up
# systemd-resolved asks nobody before a link that is not loopback has an address.
if ip link add outside type veth peer inside 2> /dev/null; then
	ip link set outside up && ip link set inside up
	ip address add 198.51.100.7/24 dev outside
else
	ip address add 198.51.100.7/32 dev lo
fi
printf 'nameserver 127.0.0.1\n' > "$work/resolv.conf"
printf '127.0.0.1 localhost\n' > "$work/hosts"
: > "$work/nsswitch.conf"
for file in resolv.conf hosts nsswitch.conf; do
	mount --bind "$work/$file" /etc/$file || { echo "Bail out! /etc/$file cannot be replaced here"; exit 1; }
done
hosts_by() { echo "hosts: $1" > "$work/nsswitch.conf"; }

serve_page --address 198.51.100.7
statuspage_page "$page" none operational operational operational
scheme=http
# run NAME [VARIABLE=VALUE…]: a run of an archive of its own, of the page whose host has that name.
run() {
	rm -rf "$work/archive"
	printf 'archive: archive\npages:\n  - {name: example, url: "%s://%s:%s/", kind: statuspage}\n' "$scheme" "$1" "$www_port" > "$work/lampwatch.yaml"
	shift
	output=$(cd "$work" && env "$@" "$lampwatch" run 2>&1)
	status=$?
	read=$(cat "$work"/archive/example/*/*/*/reading 2> /dev/null | grep -c '^page')
	output=$(grep -v 'runs as root' <<< "$output")
}

# ---- DNS ----

printf 'status.named.example A 198.51.100.7\n' > "$work/names.script"
"$BUILD/tests/dns-server" --port 53 --port-file "$work/names.port" --script "$work/names.script" --log "$work/names.log" --lifetime 900 &
dns=$!
pids+=($dns)
await 5 test -s "$work/names.port"
hosts_by "files dns"
run status.named.example
same "by DNS: a page is read" "0 1 " "$status $read $output"
check "by the server that resolv.conf names" grep -q '^status.named.example A udp' "$work/names.log"
run unheard.named.example
same "a name that nobody knows is the page's trouble" "1 0" "$status $read"

# ---- systemd-resolved ----

resolved=${LAMPWATCH_RESOLVED:-}/lib/systemd/systemd-resolved
library=$(ls "${LAMPWATCH_RESOLVED:-}"/usr/lib/*/libnss_resolve.so.2 2> /dev/null | head -n 1)
if ! ip link show outside > /dev/null 2>&1; then
	skip "by systemd-resolved: a page is read" "no link but loopback can be made here"
elif [ -x "$resolved" ] && [ -n "$library" ]; then
	mount -t tmpfs tmpfs /run/systemd 2> /dev/null || { mkdir -p /run/systemd && mount -t tmpfs tmpfs /run/systemd; }
	mkdir -p "$work/etc-systemd" /run/systemd/resolve
	{ grep -v '^systemd-resolve:' /etc/passwd; echo "systemd-resolve:x:65533:65534::/:/usr/sbin/nologin"; } > "$work/passwd"
	mount --bind "$work/passwd" /etc/passwd
	chown 65533:65534 /run/systemd/resolve
	printf '[Resolve]\nDNS=127.0.0.1\nFallbackDNS=\nDNSSEC=no\nLLMNR=no\nMulticastDNS=no\nDNSStubListener=no\n' > /run/systemd/resolved.conf.part
	mkdir -p /run/systemd/resolved.conf.d && mv /run/systemd/resolved.conf.part /run/systemd/resolved.conf.d/test.conf
	mount -t tmpfs tmpfs /usr/local/lib && cp "$library" /usr/local/lib
	"$resolved" > "$work/resolved.log" 2>&1 &
	pids+=($!)
	check "systemd-resolved runs" await 20 test -S /run/systemd/resolve/io.systemd.Resolve
	hosts_by "resolve"
	printf 'status.resolved.example A 198.51.100.7\n' >> "$work/names.script"
	run status.resolved.example LD_LIBRARY_PATH=/usr/local/lib
	same "by systemd-resolved: a page is read" "0 1 " "$status $read $output"
	check "which asked for it" grep -q '^status.resolved.example A' "$work/names.log"
	run unheard.resolved.example LD_LIBRARY_PATH=/usr/local/lib
	same "a name that it does not know is the page's trouble" "1 0" "$status $read"
else
	skip "by systemd-resolved: a page is read" "it is not installed, and not fetched without LAMPWATCH_PEERS=1"
fi

# ---- a name service that wants what a fetcher may not ----

if command -v cc > /dev/null; then
	printf '#include <nss.h>\n#include <sys/socket.h>\nint _nss_greedy_gethostbyname4_r(void) { socket(AF_PACKET, SOCK_RAW, 0); return NSS_STATUS_UNAVAIL; }\n' > "$work/greedy.c"
	mount -t tmpfs tmpfs /usr/local/lib && cc -shared -fPIC -o /usr/local/lib/libnss_greedy.so.2 "$work/greedy.c"
	hosts_by "greedy dns"
	run status.named.example LD_LIBRARY_PATH=/usr/local/lib
	same "a name service that is refused a call: the page is read all the same, and it is our own fault" \
		'3 1 lampwatch: the confinement of fetcher refuses "socket"; please report it' "$status $read $output"
fi

# ---- a proxy ----

# A proxy that opens tunnels (RFC 9110 section 9.3.6) to our servers, whatever name is asked for, and hands on what is
# asked for without one.
cat > "$work/tunnel.py" <<'END'
import re, socket, socketserver, sys, threading
port_file, log = sys.argv[1:3]
class Proxy(socketserver.StreamRequestHandler):
    def handle(self):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self.rfile.readline()
            if not line:
                return
            head += line
        with open(log, "a") as file:
            file.write(head.split(b"\r\n")[0].decode() + "\n")
        port = re.search(rb":(\d+)", head.split(b" HTTP/")[0])[1]
        with socket.create_connection(("198.51.100.7", int(port))) as there:
            if head.startswith(b"CONNECT "):
                self.wfile.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            else:
                there.sendall(head)
            threading.Thread(target=self.pump, args=(self.connection, there), daemon=True).start()
            self.pump(there, self.connection)
    def pump(self, source, to):
        try:
            while piece := source.recv(65536):
                to.sendall(piece)
            to.shutdown(socket.SHUT_WR)
        except OSError:
            pass
class Server(socketserver.ThreadingTCPServer):
    daemon_threads = allow_reuse_address = True
with Server(("127.0.0.1", 0), Proxy) as server:
    with open(port_file, "w") as file:
        file.write(str(server.server_address[1]))
    server.serve_forever()
END
python3 "$work/tunnel.py" "$work/proxy.port" "$work/proxy.log" &
pids+=($!)
await 10 test -s "$work/proxy.port"
# The proxy has a name, and a private address, which keeps nobody from it; the page's is known to the proxy alone.
printf 'proxy.named.example A 127.0.0.1\n' >> "$work/names.script"
hosts_by "files dns"
proxy=http://proxy.named.example:$(cat "$work/proxy.port")
run status.beyond.example "http_proxy=$proxy"
same "through a proxy: a page is read" "0 1 " "$status $read $output"
check "which was asked for it" grep -q '^GET http://status.beyond.example' "$work/proxy.log"
check "and no name server was" bash -c '! grep -q beyond "$1"' - "$work/names.log"

serve_http secure --address 198.51.100.7 --tls "$work/certificate"
mkdir -p "$work/secure/api/v2" && cp "$page" "$work/secure/api/v2"
www_port=$secure_port scheme=https
run status.test.localhost "https_proxy=$proxy" "SSL_CERT_FILE=$work/certificate"
same "and one by TLS, in a tunnel" "0 1 " "$status $read $output"
check "which was asked for" grep -q '^CONNECT status.test.localhost:' "$work/proxy.log"

# ---- dnsmasq ----

if [ "${LAMPWATCH_PEERS:-0}" = 1 ] && command -v dnsmasq > /dev/null; then
	kill $dns && wait $dns 2> /dev/null
	dnsmasq --keep-in-foreground --no-resolv --no-hosts --listen-address=127.0.0.1 --bind-interfaces --port=53 --user=root \
		--address=/status.masq.example/198.51.100.7 --log-queries --log-facility="$work/masq.log" &
	pids+=($!)
	await 10 grep -q started "$work/masq.log"
	www_port=$(cat "$work/www.port") scheme=http
	run status.masq.example
	same "by dnsmasq: a page is read" "0 1 " "$status $read $output"
	check "which was asked for it" grep -q 'query\[A\] status.masq.example' "$work/masq.log"
else
	skip "by dnsmasq: a page is read" "LAMPWATCH_PEERS is not 1"
fi
finish
