#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# What an archive alone does not prove: `verify` says so, holds it against what an alert carried, and
# takes no link for a file.
set -u
BUILD=${1:-${BUILD:?usage: anchor.sh BUILD}}
. "$(dirname "$0")/../harness.sh"
unsanitized

serve_http www
mkdir -p "$work/www/api/v2"
serve_smtp relay
archive=$work/archive config=$work/lampwatch.yaml
cat > "$config" <<END
archive: archive
from: lampwatch@watch.example
every: 0s
confirm: {worse: 1, better: 1, lost: 9}
routes: [{name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}]
subscribers: [{mail: someone@reader.example}]
pages:
  - {name: one, url: "http://127.0.0.1:$www_port/", kind: statuspage}
  - {name: two, url: "http://127.0.0.1:$www_port/", kind: statuspage}
END
minute=0
run() { minute=$((minute + 1)); statuspage_page "$work/www/api/v2/summary.json" "$1" "$2"; "$lampwatch" -c "$config" --clock "2026-03-02T10:$(printf %02d $minute):00Z" -q run; }
# verify ARGUMENT…: what it says, and its status.
verify() { local said; said=$("$lampwatch" "$@" 2>&1); echo "${said:+$said }$?"; }
says() { local name=$1 pattern=$2; shift 2; check "$name" grep -qE "$pattern" <(verify "$@"); }
copy() { rm -rf "$work/copy"; cp -a "$archive" "$work/copy"; rm -rf "$work/copy/.state"; }

run none operational
copy; cp -a "$work/copy" "$work/early"
run major major_outage
alert=$(grep -l 'Subject: .*RED' $(mails relay) | head -n 1)
run none operational

# ---- unsigned ----
says "an unsigned archive is whole and says what that is worth" 'NOT SIGNED: .* 0$' -c "$config" verify
copy
says "a copy too" 'NOT SIGNED: .* 0$' verify "$work/copy"
same "with -q only the status speaks" 0 "$(verify -q verify "$work/copy")"
same "as JSON too" "True False False" "$("$lampwatch" --json verify "$work/copy" | python3 -c 'import json, sys; it = json.load(sys.stdin); print(it["whole"], it["signed"], it["known_key"])')"

# ---- against an alert ----
check "an alert carries digests" test -n "$alert"
says "the archive has what the alert carried" ' 0$' verify --mail "$alert" "$work/copy"
says "also with its database" ' 0$' -c "$config" verify --mail "$alert"
says "an archive that was rolled back has not" 'is the digest of nothing in it: .* 3$' verify --mail "$alert" "$work/early"
head=$(python3 - "$alert" <<'END'
import email, email.policy, re, sys
mail = email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default)
print(re.search(r"^Chain: +([0-9a-f]{64})$", mail.get_body(("plain",)).get_content(), re.M).group(1))
END
)
says "one head is enough" ' 0$' verify --head "$head" "$work/copy"
says "in capitals as well" ' 0$' verify --head "${head^^}" "$work/copy"
says "another is not there" "${head:1}0 is the digest of nothing in it: .* 3$" verify --head "${head:1}0" "$work/copy"
says "heads has a digest too" ' 0$' verify --head "$(sha256sum < "$work/copy/heads" | cut -d ' ' -f 1)" "$work/copy"
says "what is no digest is a mistake" '64 hexadecimal digits .*2$' verify --head "${head:1}" "$work/copy"
printf 'Subject: x\n\nGood morning\n' > "$work/other.eml"
says "a mail without one is no alert" 'carries no digest.* 2$' verify --mail "$work/other.eml" "$work/copy"
says "nor is a mail that is not there" 'other2.eml.* 2$' verify --mail "$work/other2.eml" "$work/copy"
# The same text as other programs store it.
python3 - "$alert" "$work" <<'END'
import email, email.policy, sys
from email.message import EmailMessage
text = email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default).get_body(("plain",)).get_content()
for coding in ("7bit", "base64", "quoted-printable"):
    mail = EmailMessage()
    mail["Subject"] = "Fwd"
    mail.set_content(text, cte=coding)
    mail.add_attachment(b"Chain: " + b"0" * 64, maintype="application", subtype="octet-stream", filename="x")
    open(f"{sys.argv[2]}/{coding}.eml", "wb").write(bytes(mail).replace(b"\n", b"\r\n") if coding == "base64" else bytes(mail))
mail = EmailMessage()
mail.set_content(text + "\n  Chain:     " + "0" * 64 + "\n    Chain: " + "1" * 64 + "\n")
open(f"{sys.argv[2]}/quoted.eml", "wb").write(bytes(mail))
mail = EmailMessage()
mail.set_content(text.replace("Chain:  ", "Chain:  " + "0" * 8).replace("\nDigest: ", "\nDigest: " + "f" * 64 + "\nDigest: "))
open(f"{sys.argv[2]}/forged.eml", "wb").write(bytes(mail))
END
for coding in 7bit base64 quoted-printable; do says "in $coding, with an attachment" ' 0$' verify --mail "$work/$coding.eml" "$work/copy"; done
says "what a page wrote is no digest of ours" ' 0$' verify --mail "$work/quoted.eml" "$work/copy"
says "each digest must be there" 'f{64} is the digest of nothing in it: .* 3$' verify --mail "$work/forged.eml" "$work/copy"

# ---- signed ----
openssl genpkey -algorithm ed25519 -out "$work/key.pem" 2> /dev/null && chmod 600 "$work/key.pem"
echo 'signing_key: key.pem' >> "$config"
run major major_outage
openssl pkey -in "$work/key.pem" -pubout -out "$work/public.pem"
same "where its own key is configured it says nothing" 0 "$(verify -c "$config" verify)"
copy
cp -a "$work/copy" "$work/signed-early"
run none operational
run major major_outage
later=$(mails relay | tail -n 1)
same "a signed archive that was rolled back is whole by itself" 0 "$(verify verify --key "$work/public.pem" "$work/signed-early")"
says "but has not what a later alert carried" 'is the digest of nothing in it: .* 3$' verify --key "$work/public.pem" --mail "$later" "$work/signed-early"
same "which the archive has" 0 "$(verify verify --key "$work/public.pem" --mail "$later" "$archive")"
says "a stranger's key is a stranger's" 'SIGNED BY AN UNKNOWN KEY: .* 0$' verify "$work/copy"
same "a key from elsewhere proves it" 0 "$(verify verify --key "$work/public.pem" "$work/copy")"
openssl genpkey -algorithm ed25519 -out "$work/forger.pem" 2> /dev/null
openssl pkeyutl -sign -inkey "$work/forger.pem" -rawin -in "$work/copy/heads" -out "$work/copy/heads.sig"
openssl pkey -in "$work/forger.pem" -pubout -out "$work/copy/heads.pub"
says "a forger's signature is an unknown one" 'SIGNED BY AN UNKNOWN KEY: .* 0$' verify "$work/copy"
says "and wrong where there is a key" 'heads.pub: .*SIGNED BY AN UNKNOWN KEY 3$' verify --key "$work/public.pem" "$work/copy"
rm "$work/copy/heads.sig" "$work/copy/heads.pub"
says "a signature that was taken away is none" 'NOT SIGNED: .* 0$' verify "$work/copy"
says "and wrong where there is a key" 'NOT SIGNED: .* 3$' verify --key "$work/public.pem" "$work/copy"
mv "$archive/heads.sig" "$archive/heads.pub" "$work"
says "or a configuration" 'NOT SIGNED: .* 3$' -c "$config" verify
mv "$work/heads.sig" "$work/heads.pub" "$archive"

# ---- links ----
folder=$(cd "$work/archive" && find one -name SHA256SUMS | sort | head -n 1); folder=${folder%/*}
mkdir "$work/elsewhere"
for path in "$folder/body" "$folder/reading" "$folder/SHA256SUMS" "$folder" "${folder%/*}" one/2026 one/chain one heads heads.sig heads.pub; do
	copy
	rm -rf "$work/elsewhere/it"
	mv "$work/copy/$path" "$work/elsewhere/it"
	ln -s "$work/elsewhere/it" "$work/copy/$path"
	says "a link in place of $path is found" "copy/$path: is a symbolic link.* 3$" verify "$work/copy"
done
cp -a "$archive" "$work/own"
mv "$work/own/$folder/body" "$work/elsewhere/body"
ln -s "$work/elsewhere/body" "$work/own/$folder/body"
says "also beside a database" "$folder/body: is a symbolic link.* 3$" verify --key "$work/public.pem" "$work/own"
copy
ln -s "$work/copy" "$work/linked"
same "the archive itself may be reached by one" 0 "$(verify verify --key "$work/public.pem" "$work/linked")"
finish
