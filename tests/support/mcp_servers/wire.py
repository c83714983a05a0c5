"""The few lines that the MCP servers in this folder share: JSON lines on stdin and stdout."""
import json
import sys

VERSION = "2025-11-25"
TEXT_SCHEMA = {"type": "object", "properties": {"text": {"type": "string"}}}


def send(message):
    sys.stdout.write(json.dumps(message, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def raw(text):
    """Writes something that need not be a message."""
    sys.stdout.write(text)
    sys.stdout.flush()


def answer(request, result):
    send({"jsonrpc": "2.0", "id": request["id"], "result": result})


def refuse(request, code, message):
    send({"jsonrpc": "2.0", "id": request["id"], "error": {"code": code, "message": message}})


def text(value, is_error=False):
    return {"content": [{"type": "text", "text": value}], "isError": is_error}


def tool(name, schema=None):
    return {"name": name, "description": name, "inputSchema": schema or TEXT_SCHEMA}


def messages():
    for line in sys.stdin:
        if line.strip():
            yield json.loads(line)


def handshake(request, version=None):
    answer(request, {
        "protocolVersion": version or request["params"]["protocolVersion"],
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "fixture", "version": "1"},
    })


def serve(tools, call, other=None):
    """Answers everything but tools/call, which `call(request)` does."""
    for message in messages():
        method = message.get("method")
        if method == "initialize":
            handshake(message)
        elif method == "tools/list":
            answer(message, {"tools": tools})
        elif method == "tools/call":
            call(message)
        elif method == "ping":
            answer(message, {})
        elif other is not None:
            other(message)
        elif "id" in message and method:
            refuse(message, -32601, "no such method")
