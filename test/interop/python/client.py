"""A client made of centrifuge-python, led over standard input; see ../driver_test.go for the
commands and the events it prints."""

import asyncio
import json
import logging
import sys

from centrifuge import CentrifugeError, Client, ClientEventHandler, ReplyError, SubscriptionEventHandler

logging.getLogger("centrifuge").setLevel(logging.CRITICAL)  # what matters is told as an event

options = json.loads(sys.argv[1])
binary = options["protocol"] == "protobuf"


def pack(value):
    return json.dumps(value).encode() if binary else value


def unpack(value):
    return json.loads(value) if binary and value is not None else value


def show(event, **fields):
    print(json.dumps({"event": event, **fields}, separators=(",", ":")), flush=True)


def show_subscribed(by, ctx):
    offset = ctx.stream_position.offset if ctx.stream_position else 0
    show("subscribed", by=by, channel=ctx.channel, recovering=ctx.was_recovering, recovered=ctx.recovered, offset=offset)


def show_publication(by, channel, pub):
    show("publication", by=by, channel=channel, offset=pub.offset, data=unpack(pub.data))


class ServerSide(ClientEventHandler):
    client = None

    async def on_connecting(self, ctx):
        show("connecting", code=ctx.code)

    async def on_connected(self, ctx):
        show("connected")

    async def on_disconnected(self, ctx):
        show("disconnected", code=ctx.code)

    async def on_error(self, ctx):
        show("error", message=str(ctx.error))

    async def on_subscribed(self, ctx):
        show_subscribed("server", ctx)
        if options.get("follow") and self.client.get_subscription(ctx.channel) is None:
            await subscribe(self.client, ctx.channel)

    async def on_unsubscribed(self, ctx):
        show("unsubscribed", by="server", channel=ctx.channel)

    async def on_publication(self, ctx):
        show_publication("server", ctx.channel, ctx.pub)


class ClientSide(SubscriptionEventHandler):
    def __init__(self, channel):
        self.channel = channel

    async def on_subscribed(self, ctx):
        show_subscribed("client", ctx)

    async def on_unsubscribed(self, ctx):
        show("unsubscribed", by="client", channel=self.channel, code=ctx.code)

    async def on_publication(self, ctx):
        show_publication("client", self.channel, ctx.pub)

    async def on_error(self, ctx):
        show("error", message=f"subscribe: {ctx.error}")


async def subscribe(client, channel):
    subscription = client.new_subscription(
        channel, events=ClientSide(channel), min_resubscribe_delay=0.05, max_resubscribe_delay=0.3
    )
    await subscription.subscribe()


async def call(client, method, data):
    try:
        result = await client.rpc(method, pack(data))
        show("reply", data=unpack(result.data))
    except ReplyError as e:
        show("reply", code=e.code, message=e.message)
    except CentrifugeError as e:
        show("reply", code=-1, message=repr(e))


async def obey(client, command):
    match command["do"]:
        case "connect":
            await client.connect()
        case "disconnect":
            await client.disconnect()
        case "subscribe":
            await subscribe(client, command["channel"])
        case "rpc":
            await call(client, command["method"], command["data"])


async def main():
    settings = {"sessions": options["sessions"]}
    if options.get("echo"):
        settings["echo"] = True
    events = ServerSide()
    client = Client(
        options["url"].replace("http", "ws", 1) + "/centrifugo/connection/websocket",
        events=events,
        use_protobuf=binary,
        name="js",
        data=pack({"application": "widget", "settings": settings}),
        min_reconnect_delay=0.05,
        max_reconnect_delay=0.3,
        proxy=None,
    )
    events.client = client
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        await obey(client, json.loads(line))
    await client.disconnect()


asyncio.run(main())
