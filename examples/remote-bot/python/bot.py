"""A bot for Govorun that counts what it is told. BOT_SECRET is its secret, PORT where it listens."""
import base64, hashlib, hmac, json, os, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = base64.b64decode(os.environ["BOT_SECRET"].removeprefix("whsec_"))


def signed(headers, body):
    """Standard Webhooks: an HMAC-SHA256 of id, time and body, at most five minutes old."""
    turn, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    mac = hmac.new(SECRET, f"{turn}.{at}.".encode() + body, hashlib.sha256).digest()
    good = hmac.compare_digest("v1," + base64.b64encode(mac).decode(), headers.get("webhook-signature", ""))
    return good and abs(time.time() - int(at)) < 300


def react(turn):
    event, buttons = turn["event"], ["Again", "Talk to a person"]
    if event["type"] == "start":
        return {"messages": [{"body": "Hello! Tell me something.", "buttons": buttons}]}
    if event.get("body") == "Talk to a person":
        return {"messages": [{"body": "I am calling a colleague."}], "handOver": True}
    count = turn["state"]["session"].get("count", 0) + 1
    text = f"Message {count}: {event.get('body', '')}"
    return {"messages": [{"body": text, "buttons": buttons}], "variables": {"session": {"count": count}}}


class Bot(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        ok = signed(self.headers, body)
        answer = json.dumps(react(json.loads(body))).encode() if ok else b""
        self.send_response(200 if ok else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8091"))), Bot).serve_forever()
