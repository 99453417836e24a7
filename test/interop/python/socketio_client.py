"""A client made of python-socketio 4 or 5, led over standard input; see ../driver_test.go for the
commands and the events it prints."""

import json
import os
import sys
import threading

options = json.loads(sys.argv[1])
if options.get("noWebsocket"):
    sys.modules["websocket"] = None  # as where websocket-client is not installed

import socketio  # noqa: E402

printing = threading.Lock()


def show(**event):
    with printing:
        print(json.dumps(event), flush=True)


def in_order(client):
    """Both versions run every handler on a thread of its own, so that the order gets lost."""
    trigger = client.eio._trigger_event
    client.eio._trigger_event = lambda event, *args, **how: trigger(event, *args, **{**how, "run_async": False})


EVENTS = ("chatMessageCreatedEmit", "showTypingIndicatorEmit", "chatMessageReadEmit", "operatorChangedEmit", "sessionClosedEmit")
client = None


def connect(_):
    global client
    client = socketio.Client(reconnection=False)
    in_order(client)
    client.on("connect", lambda: show(event="connected"))
    client.on("connect_error", lambda *reason: show(event="error", message=str(reason)))
    for name in EVENTS:
        client.on(name, lambda data, name=name: show(event="received", message=name, data=data))
    try:
        client.connect(f"{options['url']}/operator/socket.io/?key={options['sessions'][0]}",
                       transports=options.get("transports"), socketio_path=options["path"])
    except socketio.exceptions.ConnectionError as error:
        show(event="error", message=str(error))


def emit(command):
    client.emit(command["method"], command["data"],
                callback=lambda *answer: show(event="reply", data=answer[0]))


def disconnect(_):
    if options.get("transports") == ["polling"]:
        client.eio.disconnect(abort=True)  # version 5 waits for its poll, up to 25 s, and says nothing
    else:
        client.disconnect()
    show(event="disconnected")  # version 4 does not call its handler


def die(_):
    os._exit(0)


commands = {"connect": connect, "disconnect": disconnect, "emit": emit, "die": die}
for line in sys.stdin:
    command = json.loads(line)
    commands[command["do"]](command)
os._exit(0)
