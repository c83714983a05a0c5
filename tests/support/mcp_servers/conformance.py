"""The server that the official conformance suite wants to find behind a gateway: its tools, prompts, resources
and completions, over stdio, both eras (legacy up to 2025-11-25 and 2026-07-28). Names and texts are the suite's.
Serve it with `naming: passthrough`; the tools' behaviour is in conformance_tools.py."""

import json
import sys
import threading

import conformance_tools as tools
from conformance_tools import Refusal

PREFIX = "io.modelcontextprotocol/"
MODERN = "2026-07-28"
LEGACY = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"]
INFO = {"name": "conformance-fixture", "version": "1.0.0"}
CAPABILITIES = {"tools": {"listChanged": True}, "prompts": {"listChanged": True}, "completions": {}, "logging": {},
                "resources": {"subscribe": True, "listChanged": True}}

RESOURCES = [
    {"uri": "test://static-text", "name": "static-text", "description": "A static text", "mimeType": "text/plain"},
    {"uri": "test://static-binary", "name": "static-binary", "description": "A small picture", "mimeType": "image/png"},
    {"uri": "test://watched-resource", "name": "watched-resource", "description": "May be subscribed to",
     "mimeType": "text/plain"},
]
TEMPLATES = [{"uriTemplate": "test://template/{id}/data", "name": "template", "description": "Data by id",
              "mimeType": "application/json"}]
PROMPTS = [
    {"name": "test_simple_prompt", "description": "A prompt without arguments"},
    {"name": "test_prompt_with_arguments", "description": "A prompt with two arguments", "arguments": [
        {"name": "arg1", "description": "first", "required": True},
        {"name": "arg2", "description": "second", "required": True}]},
    {"name": "test_prompt_with_embedded_resource", "description": "Embeds a resource", "arguments": [
        {"name": "resourceUri", "description": "which", "required": True}]},
    {"name": "test_prompt_with_image", "description": "Holds an image"},
    {"name": "test_input_required_result_prompt", "description": "Asks for context first (2026-07-28)"},
]


class Request:
    """A request under way: what a tool sees of the client."""

    def __init__(self, peer, message):
        self.peer, self.id = peer, message["id"]
        self.method = message["method"]
        self.params = message.get("params") or {}
        self.meta = self.params.get("_meta") or {}
        self.modern = PREFIX + "protocolVersion" in self.meta
        self.arguments = self.params.get("arguments") or {}

    def notify(self, method, params):
        self.peer.send({"jsonrpc": "2.0", "method": method, "params": params})

    def log(self, text):
        """Legacy: as it comes. Modern: only where the request has a logLevel."""
        if not self.modern or PREFIX + "logLevel" in self.meta:
            self.notify("notifications/message", {"level": "info", "logger": "fixture", "data": text})

    def progress(self, value, total):
        if "progressToken" in self.meta:
            self.notify("notifications/progress", {"progressToken": self.meta["progressToken"], "progress": value,
                                                   "total": total})

    def ask(self, method, params):
        """Legacy: a request to the client; its result."""
        return self.peer.ask(method, params)

    def may(self, capability):
        return capability in (self.meta.get(PREFIX + "clientCapabilities") or {})

    def require(self, capability):
        if not self.may(capability):
            raise Refusal(-32021, f"the client did not declare {capability}", {"requiredCapabilities": {capability: {}}})

    def responses(self):
        """What the client answered to input requests: a dictionary, or a refusal where it is none."""
        given = self.params.get("inputResponses", {})
        if not isinstance(given, dict) or not all(isinstance(v, dict) for v in given.values()):
            raise Refusal(-32602, "inputResponses must be an object of objects")
        return given


class Peer:
    def __init__(self):
        self.lock = threading.Lock()
        self.news = threading.Condition()
        self.answers = {}
        self.asked = 0
        self.listens = {}
        self.shrunk = set()  # what the triggers took out of the lists
        self.subscribed = set()

    def send(self, message):
        with self.lock:
            sys.stdout.write(json.dumps(message) + "\n")
            sys.stdout.flush()

    def ask(self, method, params):
        with self.news:
            self.asked += 1
            id = f"fixture-{self.asked}"
        self.send({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
        with self.news:
            if not self.news.wait_for(lambda: id in self.answers, 30):
                raise Refusal(-32603, f"no answer to {method}")
            answer = self.answers.pop(id)
        if "error" in answer:
            raise Refusal(-32603, f"{method} was refused: {answer['error'].get('message')}")
        return answer["result"]

    def change(self, what, name, modern):
        """Takes `name` out of the list, or puts it back: a real change, and one that needs no new trust."""
        self.shrunk ^= {name}
        method = f"notifications/{what}/list_changed"
        if not modern:
            self.send({"jsonrpc": "2.0", "method": method})
        for id, wanted in list(self.listens.items()):
            if wanted.get(what + "ListChanged"):
                self.send({"jsonrpc": "2.0", "method": method, "params": {"_meta": {PREFIX + "subscriptionId": id}}})


def initialize(request):
    wanted = request.params.get("protocolVersion")
    return {"protocolVersion": wanted if wanted in LEGACY else LEGACY[0], "capabilities": CAPABILITIES,
            "serverInfo": INFO}


def read_resource(request):
    uri = request.params.get("uri", "")
    parts = uri.split("/")
    if uri == "test://static-text":
        content = {"mimeType": "text/plain", "text": "This is the content of the static text resource."}
    elif uri == "test://static-binary":
        content = {"mimeType": "image/png", "blob": tools.PNG}
    elif uri == "test://watched-resource":
        content = {"mimeType": "text/plain", "text": "Watched resource content"}
    elif uri.startswith("test://template/") and len(parts) == 5 and parts[4] == "data":
        content = {"mimeType": "application/json", "text": json.dumps(
            {"id": parts[3], "templateTest": True, "data": f"Data for ID: {parts[3]}"})}
    else:
        raise Refusal(-32602 if request.modern else -32002, "Resource not found", {"uri": uri})
    return {"contents": [{"uri": uri, **content}]}


def get_prompt(request):
    name = request.params.get("name")
    arguments = request.arguments
    if name == "test_input_required_result_prompt":
        answer = request.responses().get("user_context")
        if answer is None:
            request.require("elicitation")
            return tools.input_required({"user_context": tools.elicit("What context?", "context")})
        return messages(tools.text("Prompt with context: " + json.dumps(answer.get("content"))))
    if name == "test_simple_prompt":
        return messages(tools.text("This is a simple prompt for testing."))
    if name == "test_prompt_with_arguments":
        return messages(tools.text("Prompt with arguments: arg1='{}', arg2='{}'".format(
            arguments.get("arg1", ""), arguments.get("arg2", ""))))
    if name == "test_prompt_with_embedded_resource":
        return messages({"type": "resource", "resource": {
            "uri": arguments.get("resourceUri", ""), "mimeType": "text/plain",
            "text": "Embedded resource content for testing."}}, tools.text("Please process the embedded resource above."))
    if name == "test_prompt_with_image":
        return messages({"type": "image", "data": tools.PNG, "mimeType": "image/png"},
                        tools.text("Please analyze the image above."))
    raise Refusal(-32602, f"unknown prompt {name}")


def messages(*contents):
    return {"messages": [{"role": "user", "content": content} for content in contents]}


def call_tool(request):
    name = request.params.get("name")
    for entry in tools.listed(request.modern):
        if entry["name"] == name:
            return tools.FUNCTIONS[name](request)
    raise Refusal(-32602, f"unknown tool {name}")


def listen(request):
    """Acknowledged at once; the answer comes only at the end."""
    wanted = request.params.get("notifications") or {}
    accepted = {k: v for k, v in wanted.items() if k in ("toolsListChanged", "promptsListChanged", "resourcesListChanged",
                                                         "resourceSubscriptions")}
    request.notify("notifications/subscriptions/acknowledged", {
        "_meta": {PREFIX + "subscriptionId": request.id}, "notifications": accepted})
    request.peer.listens[request.id] = accepted


def subscribe(request):
    request.peer.subscribed.add(request.params.get("uri"))
    return {}


def unsubscribe(request):
    request.peer.subscribed.discard(request.params.get("uri"))
    return {}


def without(items, request):
    return [item for item in items if item["name"] not in request.peer.shrunk]


BOTH = {
    "tools/list": lambda r: {"tools": without(tools.listed(r.modern), r)},
    "tools/call": call_tool,
    "prompts/list": lambda r: {"prompts": without(PROMPTS + tools.EXTRA_PROMPTS, r)},
    "prompts/get": get_prompt,
    "resources/list": lambda r: {"resources": RESOURCES},
    "resources/templates/list": lambda r: {"resourceTemplates": TEMPLATES},
    "resources/read": read_resource,
    "completion/complete": lambda r: {"completion": {"values": [], "total": 0, "hasMore": False}},
}
LEGACY_ONLY = {"initialize": initialize, "ping": lambda r: {}, "logging/setLevel": lambda r: {},
               "resources/subscribe": subscribe, "resources/unsubscribe": unsubscribe}
MODERN_ONLY = {"server/discover": lambda r: {"supportedVersions": [MODERN], "capabilities": CAPABILITIES}}
CACHED = {"server/discover", "tools/list", "prompts/list", "resources/list", "resources/templates/list", "resources/read"}


def check_envelope(request):
    version = request.meta.get(PREFIX + "protocolVersion")
    if version != MODERN:
        raise Refusal(-32022, "unsupported protocol version", {"supported": [MODERN], "requested": version})
    if not isinstance(request.meta.get(PREFIX + "clientCapabilities"), dict):
        raise Refusal(-32602, "_meta lacks clientCapabilities")


def decide(request):
    if request.method == "server/discover" and not request.modern:
        raise Refusal(-32602, "_meta lacks protocolVersion")
    if request.modern:
        check_envelope(request)
    table = {**BOTH, **(MODERN_ONLY if request.modern else LEGACY_ONLY)}
    if request.method not in table:
        raise Refusal(-32601, "no such method: " + request.method)
    result = table[request.method](request)
    if request.modern:
        result = {"resultType": "complete", **result}
        result["_meta"] = {PREFIX + "serverInfo": INFO, **result.get("_meta", {})}
        if request.method in CACHED:
            result.update(ttlMs=0, cacheScope="private")
    return result


def serve(peer, message):
    request = Request(peer, message)
    answer = {"jsonrpc": "2.0", "id": request.id}
    try:
        if request.method == "subscriptions/listen" and request.modern:
            check_envelope(request)
            listen(request)
            return
        answer["result"] = decide(request)
    except Refusal as refusal:
        answer["error"] = refusal.body
    peer.send(answer)


def main():
    peer = Peer()
    for line in sys.stdin:
        if not line.strip():
            continue
        message = json.loads(line)
        if "method" not in message:
            with peer.news:
                peer.answers[message.get("id")] = message
                peer.news.notify_all()
        elif "id" in message:
            threading.Thread(target=serve, args=(peer, message), daemon=True).start()
        elif message["method"] == "notifications/cancelled":
            peer.listens.pop((message.get("params") or {}).get("requestId"), None)


if __name__ == "__main__":
    main()
