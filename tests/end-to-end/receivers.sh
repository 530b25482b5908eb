#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
# Every service that is told over HTTP: what goes out, what its answers mean, what happens to its
# secrets; two signatures while a secret is changed; 429, 410, redirects and silence.
. "$(dirname "$0")/../harness.sh"
unsanitized

serve_page --posts "$work/posts"
serve_smtp relay
mkdir -p "$work/posts" "$work/main"
cd "$work/main" || exit 1
base=http://127.0.0.1:$www_port

# secret FILE TEXT
secret() { (umask 077; printf '%b' "$2" > "$1"); }
secret key 'R0UTINGKEYHUNTER2\n'; secret token '123456:HUNTER2tok\n'; secret user 'uHUNTER2user\n'
secret hook.url "$base/hooks/HUNTER2path\n"
cat > own.txt <<-'END'
	{{subject}}
END
cat > own.yaml <<-'END'
	path: /own/{queue}
	needs: [queue, token]
	secrets: [token]
	headers: {X-Token: "{token}"}
	accepted: {ticket.number: "*"}
END
cat > lampwatch.yaml <<-END
	archive: archive
	from: lampwatch@example.org
	operator: admin@example.org
	every: 0s
	pages:
	  - {name: example, url: "$base/", kind: statuspage, provider: example}
	routes:
	  - {name: relay, smtp: "smtp://127.0.0.1:$relay_port", tls: off}
	webhooks:
	  - {name: generic, url_file: hook.url}
	  - {name: slack, url_file: hook.url, template: slack}
	  - {name: discord, url_file: hook.url, template: discord}
	  - {name: teams, url_file: hook.url, template: teams}
	  - {name: mattermost, url_file: hook.url, template: mattermost, with: {channel: town-square}}
	  - {name: google-chat, url_file: hook.url, template: google-chat}
	  - {name: pagerduty, url: "$base/", template: pagerduty, with: {routing_key_file: key}}
	  - {name: jira, url: "$base", template: jira-service-management, with: {key_file: key}}
	  - {name: ntfy, url: "$base/ntfy", template: ntfy, with: {topic_file: key, token_file: token}}
	  - {name: pushover, url: "$base", template: pushover, with: {token_file: token, user_file: user}}
	  - {name: telegram, url: "$base", template: telegram, with: {token_file: token, chat_id: "-100200"}}
	  - {name: matrix, url: "$base", template: matrix, with: {token_file: token, room: "!room/1:example.org"}}
	  - {name: zulip, url: "$base/", template: zulip, with: {channel: "ops & on call", email: bot@example.org, key_file: token}}
	  - {name: rocket-chat, url_file: hook.url, template: rocket-chat, with: {channel: "#ops"}}
	  - {name: gotify, url: "$base", template: gotify, with: {token_file: token}}
	  - {name: signal, url: "$base", template: signal, with: {number: "+4915112345", recipient: "group.a=="}}
	  - {name: home-assistant, url: "$base", template: home-assistant, with: {token_file: token, notifier: mobile_app_phone}}
	  - {name: twilio, url: "$base", template: twilio, with: {token_file: token, account: AC0123, from: "+15550001", to: "+15550002"}}
	  - {name: webex, url: "$base", template: webex, with: {token_file: token, room: Y2lzY29}}
	  - {name: silent, url: "$base/silent"}
	  - {name: own, url: "$base", template_file: own.txt, with: {token_file: token, queue: "a b"}}
END

# answers FILE FAULT: what the server answers there.
answers() { mkdir -p "$work/www/$(dirname "$1")"; printf %s "$2" > "$work/www/$1.fault"; }
last_post() { find "$work/posts" -type f | sort | tail -n 1; }
posts() { find "$work/posts" -type f | wc -l | tr -d ' '; }
# header NAME, body: of the last request.
header() { sed -n "1,/^\r\$/{s/^$1: \\(.*\\)\r\$/\\1/Ip}" "$(last_post)"; }
body() { sed '1,/^\r$/d' "$(last_post)"; }
request_line() { head -n 1 "$(last_post)" | tr -d '\r'; }
# field EXPRESSION: of the last body, as JSON in `data`.
field() { body | python3 -c "import json, sys; data = json.load(sys.stdin); print($1)"; }
# tries EXPECTED NAME: the exit status of a trial; what it says is in $work/said.
tries() { "$lampwatch" try "$2" > "$work/said" 2>&1; local status=$?; [ "$status" = "$1" ] || { echo "status $status"; cat "$work/said"; return 1; }; }
# service NAME PLACE GOOD BAD WORDS LINE: its success, its refusal and the words that are told, and where requests go.
service() {
	local name=$1 place=$2 good=$3 bad=$4 words=$5 line=$6
	answers "$place" "$good"
	check "$name: its success is one" tries 0 "$name"
	same "$name: goes where it should" "$line" "$(request_line)"
	answers "$place" "$bad"
	check "$name: its refusal is one" tries 1 "$name"
	check "$name: whose words are told: $words" grep -qF "$words" "$work/said"
	cat "$work/said" >> "$work/all-said"
	answers "$place" "status=307;redirect=$base/elsewhere"
	check "$name: a redirect is a failure" tries 1 "$name"
}

# What never answers waits in parallel with all the others.
answers silent hang
{ "$lampwatch" try silent > "$work/silence" 2>&1; echo $? > "$work/silence.status"; } &
silent=$!
await 5 grep -q /silent "$work/www.log"

hook=hooks/HUNTER2path hook_line="POST /hooks/HUNTER2path HTTP/1.1"
service generic $hook "status=204" "status=500;body=broken" "HTTP 500, the receiver is in trouble: broken" "$hook_line"
service slack $hook "body=ok" 'body={"ok": false, "error": "invalid_auth"}' "but refused: invalid_auth" "$hook_line"
service discord $hook "status=204" 'status=400;body={"message": "Cannot send an empty message", "code": 50006}' "Cannot send an empty message" "$hook_line"
service teams $hook "status=202" 'status=400;body={"error": {"code": "TriggerInputSchemaMismatch", "message": "The input body is wrong"}}' "The input body is wrong" "$hook_line"
service mattermost $hook "body=ok" "body=<html>Log in to this network" "is there a portal in between?" "$hook_line"
same "mattermost: the channel of the configuration" "town-square" "$(field 'data["channel"]')"
service google-chat $hook 'body={"name": "spaces/A/messages/B"}' 'status=403;body={"error": {"message": "The caller does not have permission"}}' "does not have permission" "$hook_line"
service pagerduty v2/enqueue 'status=202;body={"status": "success", "dedup_key": "a"}' 'status=400;body={"status": "invalid event", "message": "Event object is invalid"}' "Event object is invalid" "POST /v2/enqueue HTTP/1.1"
same "pagerduty: the routing key is put in when it is sent" "R0UTINGKEYHUNTER2 trigger info" "$(field 'data["routing_key"], data["event_action"], data["payload"]["severity"]')"
service jira jsm/ops/integration/v2/alerts 'status=202;body={"result": "Request will be processed", "requestId": "r", "took": 0.1}' 'status=422;body={"message": "Key format is not valid R0UTINGKEYHUNTER2"}' "Key format is not valid …" "POST /jsm/ops/integration/v2/alerts HTTP/1.1"
service ntfy ntfy 'body={"id": "sPs71M8A2T", "event": "message"}' 'status=403;body={"code": 40301, "error": "forbidden R0UTINGKEYHUNTER2"}' "forbidden …" "POST /ntfy HTTP/1.1"
same "ntfy: topic and token" "R0UTINGKEYHUNTER2 Bearer 123456:HUNTER2tok" "$(field 'data["topic"]') $(header Authorization)"
service pushover 1/messages.json 'body={"status": 1, "request": "e460545a8b"}' 'status=400;body={"token": "invalid", "errors": ["application token is invalid"], "status": 0}' "application token is invalid" "POST /1/messages.json HTTP/1.1"
same "pushover: who and as whom" "123456:HUNTER2tok uHUNTER2user" "$(field 'data["token"], data["user"]')"
answers 1/messages.json 'body={"status": 0, "errors": ["user key is invalid"]}'
check "pushover: status 0 in a 200 is a refusal" tries 1 pushover
service telegram bot123456:HUNTER2tok/sendMessage 'body={"ok": true, "result": {"message_id": 4}}' 'status=400;body={"ok": false, "error_code": 400, "description": "Bad Request: chat not found"}' "chat not found" "POST /bot123456:HUNTER2tok/sendMessage HTTP/1.1"
same "telegram: the chat" "-100200" "$(field 'data["chat_id"]')"
answers bot123456:HUNTER2tok/sendMessage 'status=401;body=no bot 123456:HUNTER2tok'
check "telegram: an answer that repeats the token" tries 1 telegram
check "is told without it" grep -q "no bot …" "$work/said"
matrix=_matrix/client/v3/rooms/!room%2F1:example.org/send/m.room.message
mkdir -p "$work/www/$matrix"
printf 'body={"event_id": "$1:example.org"}' > "$work/www/$matrix/.fault"
check "matrix: its success is one" tries 0 matrix
same "matrix: PUT, the room percent-encoded, the delivery as the transaction" "PUT /$matrix/$(header webhook-id) HTTP/1.1" "$(request_line)"
same "matrix: the token is a header" "Bearer 123456:HUNTER2tok" "$(header Authorization)"
printf 'status=403;body={"errcode": "M_FORBIDDEN", "error": "You are not in the room"}' > "$work/www/$matrix/.fault"
check "matrix: its refusal is one" tries 1 matrix
check "matrix: whose words are told" grep -q "You are not in the room" "$work/said"
printf 'body={}' > "$work/www/$matrix/.fault"
check "matrix: an answer without an event is none" tries 1 matrix
service zulip api/v1/messages 'body={"result": "success", "msg": "", "id": 42}' 'status=400;body={"code": "STREAM_DOES_NOT_EXIST", "msg": "Channel nowhere does not exist", "result": "error"}' "Channel nowhere does not exist" "POST /api/v1/messages HTTP/1.1"
same "zulip: a form" "application/x-www-form-urlencoded" "$(header Content-Type)"
# form EXPRESSION: of the last body, as a form in `data`.
form() { body | python3 -c "import sys, urllib.parse; data = dict(urllib.parse.parse_qsl(sys.stdin.read(), strict_parsing=True)); print($1)"; }
same "zulip: the channel in quotes, the topic, and what people read" 'stream "ops & on call" lampwatch ```text' "$(form 'data["type"], data["to"], data["topic"], data["content"].split(chr(10))[0]' | tr -d "(),'" | sed 's/  */ /g')"
same "zulip: the bot by Basic authentication" "Basic $(printf bot@example.org:123456:HUNTER2tok | base64)" "$(header Authorization)"
answers api/v1/messages 'status=429;body={"result": "error", "code": "RATE_LIMIT_HIT", "msg": "API usage exceeded rate limit", "retry-after": 28.7}'
check "zulip: too often is for later" tries 1 zulip
check "zulip: which is said" grep -q "temporary: .*HTTP 429, too many requests: API usage exceeded rate limit" "$work/said"
answers api/v1/messages "status=401;body=no $(printf bot@example.org:123456:HUNTER2tok | base64) here"
check "zulip: an answer that repeats what stands for the key" tries 1 zulip
check "zulip: is told without it" grep -q "no … here" "$work/said"
service rocket-chat $hook 'body={"success": true}' 'status=400;body={"success": false, "error": "unknown-error"}' "unknown-error" "$hook_line"
same "rocket-chat: the channel of the configuration" "#ops" "$(field 'data["channel"]')"
service gotify message 'body={"id": 25, "appid": 5, "message": "x", "date": "2018-02-27T19:36:10Z"}' 'status=401;body={"error": "Unauthorized", "errorCode": 401, "errorDescription": "you need to provide a valid access token"}' "you need to provide a valid access token" "POST /message HTTP/1.1"
same "gotify: the token is a header" "123456:HUNTER2tok 4" "$(header X-Gotify-Key) $(field 'data["priority"]')"
service signal v2/send 'status=201;body={"timestamp": "1700000000000"}' 'status=400;body={"error": "Invalid group id"}' "Invalid group id" "POST /v2/send HTTP/1.1"
same "signal: who sends, and a list of those who get it" "+4915112345 ['group.a==']" "$(field 'data["number"], data["recipients"]' | sed "s/^('\([^']*\)', \(.*\))$/\1 \2/")"
service home-assistant api/services/notify/mobile_app_phone 'body=[]' 'status=400;body={"message": "Action not found"}' "Action not found" "POST /api/services/notify/mobile_app_phone HTTP/1.1"
same "home-assistant: the token is a header" "Bearer 123456:HUNTER2tok" "$(header Authorization)"
service twilio 2010-04-01/Accounts/AC0123/Messages.json 'status=201;body={"sid": "SM0123", "status": "queued"}' 'status=400;body={"code": 21211, "message": "Invalid To Phone Number", "more_info": "https://www.twilio.com/docs/errors/21211", "status": 400}' "Invalid To Phone Number" "POST /2010-04-01/Accounts/AC0123/Messages.json HTTP/1.1"
same "twilio: a form, with + as a number has it" "+15550001 +15550002 TEST: lampwatch can reach you" "$(form 'data["From"] + " " + data["To"] + " " + data["Body"]')"
same "twilio: account and token by Basic authentication" "Basic $(printf AC0123:123456:HUNTER2tok | base64)" "$(header Authorization)"
service webex v1/messages 'body={"id": "Y2lzY2", "roomId": "Y2lzY29"}' 'status=404;body={"message": "The requested resource could not be found.", "errors": [], "trackingId": "x"}' "The requested resource could not be found." "POST /v1/messages HTTP/1.1"
same "webex: the room" "Y2lzY29 Bearer 123456:HUNTER2tok" "$(field 'data["roomId"]') $(header Authorization)"
service own own/a%20b 'body={"ticket": {"number": 7}}' 'body={"ticket": {}}' "but refused" "POST /own/a%20b HTTP/1.1"
answers own/a%20b 'body={"ticket": {"number": 7}}'
check "own: a template that is text" tries 0 own
same "own: is posted as it is" "text/plain; charset=utf-8 123456:HUNTER2tok TEST: lampwatch can reach you" "$(header Content-Type) $(header X-Token) $(body)"
same "no redirect was followed" "0" "$(grep -c /elsewhere "$work/www.log")"
wait "$silent"
same "silence is a failure" "1" "$(cat "$work/silence.status")"
check "told as what it is" grep -q "unknown: $base: no answer within 30 s" "$work/silence"
same "nothing that was said names a secret" "0" "$(cat "$work/all-said" "$work/said" | grep -c "HUNTER2")"

cat > own-url.yaml <<-END
	pages: []
	webhooks:
	  - {name: pager, template: pagerduty, with: {routing_key_file: key}}
END
# Nothing listens at this resolver: the real one must not be asked.
echo "resolver: 127.0.0.1:1" >> own-url.yaml
"$lampwatch" -c own-url.yaml routes > "$work/said" 2>&1
check "a webhook whose URL is the template's own is one of the receivers" grep -q "webhook:pager" "$work/said"

# ---- signatures, checked by openssl ----

# signed BODYFILE SECRET: what the signature of the last request is by this secret (base64 of its key).
signed() {
	{ printf '%s.%s.' "$(header webhook-id)" "$(header webhook-timestamp)"; sed '1,/^\r$/d' "$(last_post)"; } > "$work/signed"
	printf 'v1,%s' "$(openssl dgst -sha256 -mac HMAC -macopt "hexkey:$(printf %s "$1" | base64 -d | od -An -tx1 | tr -d ' \n')" -binary "$work/signed" | base64)"
}
new=$(printf 'the new secret of thirty-two byt' | base64) old=$(printf 'the old one' | base64)
secret signing "whsec_$new\nwhsec_$old\n"
sed "s/{name: generic, url_file: hook.url}/{name: generic, url_file: hook.url, secret_file: signing}/" lampwatch.yaml > signed.yaml
body_is_exact() { tail -c "$(header Content-Length)" "$(last_post)" > "$work/body"; }
"$lampwatch" -c signed.yaml try generic > "$work/said" 2>&1
same "while a secret is changed: a signature by each, the new one first" "$(signed "$new") $(signed "$old")" "$(header webhook-signature)"
secret signing "whsec_$new\n"
"$lampwatch" -c signed.yaml try generic > "$work/said" 2>&1
same "and then by the new one alone" "$(signed "$new")" "$(header webhook-signature)"

# ---- alerts ----

# at MINUTE WORD…; owed STATE: how many deliveries are in it.
at() { local minute=$1; shift; "$lampwatch" --clock "2014-01-24T19:$(printf %02d "$minute"):00Z" "$@"; }
owed() { "$lampwatch" --json outbox | python3 -c "import json, sys; print(sum(d['state'] == '$1' for d in json.load(sys.stdin)['deliveries']))"; }
fresh() { rm -rf archive; rm -f "$work"/posts/*; : > "$work/www.log"; statuspage_page "$page" none operational operational; at 0 -q run; }
webhooks() { sed -i '/^webhooks:/,$d' lampwatch.yaml; { echo webhooks:; cat; } >> lampwatch.yaml; }

webhooks <<-END
	  - {name: pager, url: "$base", template: pagerduty, with: {routing_key_file: key}, "on": [red, green, update]}
END
answers v2/enqueue 'status=202;body={"status": "success"}'
fresh
statuspage_page "$page" major major_outage partial_outage
at 10 run
# events: action and key of each request, in the order in which they went out.
events() { local file; for file in $(find "$work/posts" -type f | sort); do sed '1,/^\r$/d' "$file" | python3 -c 'import json, sys; data = json.load(sys.stdin); print(data["event_action"], data["dedup_key"])'; done; }
same "one event for each indicator" "trigger lampwatch/example/component0,trigger lampwatch/example/component1" "$(events | paste -sd,)"
same "of one delivery" "0" "$(owed pending)"
rm -f "$work"/posts/*
statuspage_page "$page" none operational operational
at 11 run; at 12 run
same "resolved under the same keys" "resolve lampwatch/example/component1,resolve lampwatch/example/component0" "$(events | paste -sd,)"

webhooks <<-END
	  - {name: desk, url: "$base", template: jira-service-management, with: {key_file: key}, "on": [red, green]}
END
alerts=jsm/ops/integration/v2/alerts
for path in $alerts "$alerts/lampwatch%2Fexample%2Fcomponent0/close?identifierType=alias" "$alerts/lampwatch/example/component0/close?identifierType=alias"; do answers "$path" 'status=202;body={"requestId": "r"}'; done
fresh
statuspage_page "$page" major major_outage operational
at 10 run; at 11 run
statuspage_page "$page" none operational operational
at 12 run; at 13 run
same "an alert is created, and closed by its alias in the address" "POST /$alerts HTTP/1.1,POST /$alerts/lampwatch%2Fexample%2Fcomponent0/close?identifierType=alias HTTP/1.1" \
	"$(find "$work/posts" -type f | sort | xargs -n 1 head -qn 1 | tr -d '\r' | paste -sd,)"
same "which is not in its body" "note source" "$(sed '1,/^\r$/d' "$(find "$work/posts" -type f | sort | tail -n 1)" | python3 -c 'import json, sys; print(*sorted(json.load(sys.stdin)))')"
webhooks <<-END
	  - {name: pager, url: "$base", template: pagerduty, with: {routing_key_file: key}, "on": [red, green, update]}
END

fresh
answers v2/enqueue 'status=429;retry-after=120'
statuspage_page "$page" major major_outage partial_outage
at 10 run
same "a rate limit puts the rest off" "1 1" "$(owed pending) $(posts)"
at 11 run
same "for as long as it says" "1 1" "$(owed pending) $(posts)"
answers v2/enqueue 'status=202;body={"status": "success"}'
at 13 run
same "and then it goes on" "0 3" "$(owed pending) $(posts)"
check "the archive names no secret" bash -c "! grep -rqa HUNTER2 archive --include='*' --exclude-dir=.state"
same "nor does the outbox" "0" "$(strings -a archive/.state/lampwatch.db* 2>/dev/null | grep -c HUNTER2 || true)"

# ---- 410 ----

webhooks <<-END
	  - {name: gone, url: "$base/gone/HUNTER2"}
	  - {name: chat, url: "$base/chat"}
END
answers gone/HUNTER2 "status=410;body=no such channel"
fresh
statuspage_page "$page" major major_outage operational
at 10 run; status=$?
same "410: given up, told to the operator, and the others are told" "0 1 1 1" "$status $(owed dead) $(count_mails relay) $(grep -c $'POST\t/chat' "$work/www.log")"
check "the mail says what it was to say, and that it is disabled" grep -q "It said:        red: Mail" <(sed 's/=$//' "$(mails relay | tail -n 1)")
"$lampwatch" outbox > "$work/said"
check "outbox shows it" grep -q "webhook:gone  disabled since 2014-01-24 19:10" "$work/said"
"$lampwatch" routes > "$work/said"
check "so does routes" grep -q "webhook:gone  disabled since" "$work/said"
check "and so does status" grep -q "webhook:gone  disabled since" <(at 11 status)
check "as data, too" grep -q '"webhook": *"gone"' <("$lampwatch" --json outbox)
statuspage_page "$page" major major_outage major_outage
at 12 run
same "nothing more is sent there" "1" "$(grep -c $'POST\t/gone' "$work/www.log")"
same "what would have been is the operator's" "2 2" "$(owed dead) $(count_mails relay)"
sed -i 's#/gone/HUNTER2#/elsewhere/HUNTER2#' lampwatch.yaml
check "another URL lifts it" bash -c "! '$lampwatch' outbox | grep -q 'disabled since'"
sed -i 's#/elsewhere/HUNTER2#/gone/HUNTER2#' lampwatch.yaml
check "that one is still disabled" grep -q "disabled since" <("$lampwatch" outbox)
answers gone/HUNTER2 ""
check "retry lifts it" grep -q "1 webhook is enabled again" <(at 13 outbox retry)
at 14 run
same "and what was given up goes out" "0 0 3" "$(owed dead) $(owed pending) $(grep -c $'POST\t/gone' "$work/www.log")"
finish
