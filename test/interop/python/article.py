"""A client as the vendor's article has it: the two functions are the article's, but for the
address of the server. Prints every answer as an event, see ../driver_test.go."""

import json
import sys

import requests

server, chat = sys.argv[1], sys.argv[2]


def start_chat_session(chat_id: str, name: str = "integration_example"):
    url = f"{server}/api/chats/v1/chats/{chat_id}/sessions?x_widget=1"
    headers = {"Content-Type": "application/json", "Host": "tcl.twin24.ai"}
    payload = json.dumps({"name": name})
    response = requests.request("POST", url, headers=headers, data=payload)

    return response


def send_msg_to_chat_session(session_id: str, msg: str):
    url = f"{server}/api/v1/sessions/{session_id}/messages"
    headers = {"Content-Type": "application/json", "Host": "chats-api.twin24.ai"}
    payload = json.dumps({
        "body": msg,
        "attachments": []
    })
    response = requests.request("POST", url, headers=headers, data=payload)

    return response


# The body of the article's table of fields, without the ids of things that are not there.
SAMPLE = {
    "name": "string",
    "sessionTtl": 3600,
    "messengerType": "WHATSAPP",
    "messengerUserId": "string",
    "messageBody": "string",
    "messageAttachments": [],
    "clientNameForOperator": "string",
    "clientExternalId": "string",
    "clientPhone": 75555673245,
    "clientEmail": "string",
    "clientDeviceId": "string",
    "clientTimezone": 300,
    "clientMetadata": {"var1": "val1", "var2": "val2", "var3": "val3"},
    "returnAnswerAsync": True,
}


def continue_chat_session(chat_id: str):
    url = f"{server}/api/chats/v1/chats/{chat_id}/sessions?x_widget=1"
    return requests.request("PUT", url, headers={"Host": "tcl.twin24.ai"}, json=SAMPLE)


def show(step, response):
    answer = {"event": "answer", "message": step, "code": response.status_code, "data": response.json()}
    print(json.dumps(answer), flush=True)
    return response.json()


session = show("start", start_chat_session(chat))["id"]
for text in sys.argv[3:]:
    show("send", send_msg_to_chat_session(session, text))
show("continue", continue_chat_session(chat))
show("continue", continue_chat_session(chat))
