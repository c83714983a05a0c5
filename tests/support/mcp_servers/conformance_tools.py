"""The tools of conformance.py: what each is called and says is fixed by the official conformance suite."""

import base64
import hashlib
import hmac
import json
import secrets
import struct
import time
import zlib

FUNCTIONS = {}
DEFINITIONS = []
EXTRA_PROMPTS = [{"name": "test_extra_prompt", "description": "Comes and goes with test_trigger_prompt_change"}]
KEY = secrets.token_bytes(32)


class Refusal(Exception):
    def __init__(self, code, message, data=None):
        super().__init__(message)
        self.body = {"code": code, "message": message, **({"data": data} if data is not None else {})}


def png():
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(b"\x00\xff\x00\x00")) + chunk(b"IEND", b""))


def wav():
    samples = b"\x00\x00" * 8
    return (b"RIFF" + struct.pack("<I", 36 + len(samples)) + b"WAVEfmt "
            + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16) + b"data" + struct.pack("<I", len(samples)) + samples)


PNG = base64.b64encode(png()).decode()
WAV = base64.b64encode(wav()).decode()
SCHEMA_2020_12 = {
    "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object",
    "$defs": {"address": {"$anchor": "addressDef", "type": "object", "properties": {
        "street": {"type": "string"}, "city": {"type": "string"}}}},
    "properties": {"name": {"type": "string"}, "address": {"$ref": "#/$defs/address"},
                   "contactMethod": {"type": "string", "enum": ["phone", "email"]},
                   "phone": {"type": "string"}, "email": {"type": "string"}},
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]}, "else": {"required": ["email"]}, "additionalProperties": False,
}


def tool(name, era="both", schema=None):
    def add(function):
        FUNCTIONS[name] = function
        DEFINITIONS.append((era, {"name": name, "description": function.__doc__,
                                  "inputSchema": schema or {"type": "object", "properties": {}}}))
        return function

    return add


def listed(modern):
    return [definition for era, definition in DEFINITIONS if era in ("both", "modern" if modern else "legacy")]


def string_schema(name):
    return {"type": "object", "properties": {name: {"type": "string", "description": name}}, "required": [name]}


def text(value):
    return {"type": "text", "text": value}


def said(value):
    return {"content": [text(value)]}


def elicit(message, field):
    return {"method": "elicitation/create", "params": {"mode": "form", "message": message,
                                                       "requestedSchema": string_schema(field)}}


def sample(question):
    return {"method": "sampling/createMessage", "params": {
        "messages": [{"role": "user", "content": text(question)}], "maxTokens": 100}}


def input_required(requests, state=None):
    result = {"resultType": "input_required", "inputRequests": requests}
    return result if state is None else {**result, "requestState": state}


@tool("test_simple_text")
def simple_text(request):
    """Tests a plain text answer."""
    return said("This is a simple text response for testing.")


@tool("test_image_content")
def image_content(request):
    """Tests an image answer."""
    return {"content": [{"type": "image", "data": PNG, "mimeType": "image/png"}]}


@tool("test_audio_content")
def audio_content(request):
    """Tests an audio answer."""
    return {"content": [{"type": "audio", "data": WAV, "mimeType": "audio/wav"}]}


@tool("test_embedded_resource")
def embedded_resource(request):
    """Tests an embedded resource."""
    return {"content": [{"type": "resource", "resource": {
        "uri": "test://embedded-resource", "mimeType": "text/plain", "text": "This is an embedded resource content."}}]}


@tool("test_multiple_content_types")
def multiple_content_types(request):
    """Tests several kinds of content at once."""
    return {"content": [text("Multiple content types test:"), {"type": "image", "data": PNG, "mimeType": "image/png"},
                        {"type": "resource", "resource": {
                            "uri": "test://mixed-content-resource", "mimeType": "application/json",
                            "text": json.dumps({"test": "data", "value": 123})}}]}


@tool("test_tool_with_logging", era="legacy")
def tool_with_logging(request):
    """Tests log notifications during a call."""
    for line in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        request.log(line)
        time.sleep(0.05)
    return said("Tool with logging executed successfully")


@tool("test_logging_tool", era="modern")
def logging_tool(request):
    """Logs only where the request has a logLevel."""
    request.log("A log line")
    return said("logged where it was wanted")


@tool("test_tool_with_progress")
def tool_with_progress(request):
    """Tests progress notifications during a call."""
    for value in (0, 50, 100):
        request.progress(value, 100)
        time.sleep(0.05)
    return said("Progress reported")


@tool("test_error_handling")
def error_handling(request):
    """Tests a failing tool."""
    return {"content": [text("This tool intentionally returns an error for testing")], "isError": True}


@tool("test_sampling", era="legacy", schema=string_schema("prompt"))
def sampling(request):
    """Tests a sampling request to the client."""
    answer = request.ask(**sample(request.arguments.get("prompt", "")))
    return said("LLM response: " + str(answer.get("content", {}).get("text", "")))


def elicited(request, prefix, message, schema):
    answer = request.ask("elicitation/create", {"mode": "form", "message": message, "requestedSchema": schema})
    return said("{}: action={}, content={}".format(prefix, answer.get("action"), json.dumps(answer.get("content", {}))))


@tool("test_elicitation", era="legacy", schema=string_schema("message"))
def elicitation(request):
    """Tests an elicitation request to the client."""
    return elicited(request, "User response", request.arguments.get("message", ""), {
        "type": "object", "required": ["username", "email"],
        "properties": {"username": {"type": "string", "description": "User's name"},
                       "email": {"type": "string", "description": "User's email"}}})


@tool("test_elicitation_sep1034_defaults", era="legacy")
def elicitation_defaults(request):
    """Tests defaults of every primitive kind."""
    return elicited(request, "Elicitation completed", "Please confirm", {"type": "object", "required": [], "properties": {
        "name": {"type": "string", "default": "John Doe"}, "age": {"type": "integer", "default": 30},
        "score": {"type": "number", "default": 95.5}, "verified": {"type": "boolean", "default": True},
        "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"}}})


@tool("test_elicitation_sep1330_enums", era="legacy")
def elicitation_enums(request):
    """Tests the five forms of choices."""
    plain = ["option1", "option2", "option3"]

    def titled(ordinals, noun):
        return [{"const": f"value{n}", "title": f"{ordinal} {noun}"} for n, ordinal in enumerate(ordinals, 1)]

    ordinals = ("First", "Second", "Third")
    return elicited(request, "Elicitation completed", "Please choose", {"type": "object", "required": [], "properties": {
        "untitledSingle": {"type": "string", "enum": plain},
        "titledSingle": {"type": "string", "oneOf": titled(ordinals, "Option")},
        "legacyEnum": {"type": "string", "enum": ["opt1", "opt2", "opt3"],
                       "enumNames": ["Option One", "Option Two", "Option Three"]},
        "untitledMulti": {"type": "array", "items": {"type": "string", "enum": plain}},
        "titledMulti": {"type": "array", "items": {"anyOf": titled(ordinals, "Choice")}}}})


@tool("json_schema_2020_12_tool", schema=SCHEMA_2020_12)
def json_schema_2020_12(request):
    """Tool with JSON Schema 2020-12 features"""
    return said("JSON Schema 2020-12 tool called with: " + json.dumps(request.arguments))


@tool("test_x_mcp_header", era="modern", schema={"type": "object", "properties": {
    "region": {"type": "string", "description": "Goes into a header", "x-mcp-header": "Region"}}})
def x_mcp_header(request):
    """Has a parameter that is mirrored in a header."""
    return said("region " + str(request.arguments.get("region", "")))


@tool("test_missing_capability", era="modern")
def missing_capability(request):
    """Needs sampling."""
    request.require("sampling")
    return said("the client can sample")


@tool("test_streaming_elicitation", era="modern")
def streaming_elicitation(request):
    """Asks for a name by input_required only."""
    answer = request.responses().get("user_name")
    return said("done") if answer else input_required({"user_name": elicit("What is your name?", "name")})


@tool("test_trigger_tool_change")
def trigger_tool_change(request):
    """Takes test_extra_tool out of the list or puts it back."""
    request.peer.change("tools", "test_extra_tool", request.modern)
    return said("tools changed")


@tool("test_trigger_prompt_change")
def trigger_prompt_change(request):
    """Takes test_extra_prompt out of the list or puts it back."""
    request.peer.change("prompts", "test_extra_prompt", request.modern)
    return said("prompts changed")


@tool("test_extra_tool")
def extra_tool(request):
    """Comes and goes with test_trigger_tool_change."""
    return said("still here")


# -- input_required (2026-07-28) ------------------------------------------------------------------

def sign(payload):
    body = base64.urlsafe_b64encode(json.dumps(payload).encode()).decode()
    return body + "." + hmac.new(KEY, body.encode(), hashlib.sha256).hexdigest()


def signed(request):
    """The payload of the request's state; a refusal where it is not ours."""
    state = request.params.get("requestState")
    body, _, mac = str(state).rpartition(".")
    if not hmac.compare_digest(hmac.new(KEY, body.encode(), hashlib.sha256).hexdigest(), mac):
        raise Refusal(-32602, "the requestState is not one of this server's")
    return json.loads(base64.urlsafe_b64decode(body))


def content_of(answer, field):
    content = answer.get("content") if isinstance(answer, dict) else None
    value = content.get(field) if isinstance(content, dict) else None
    return value if isinstance(value, str) else None


@tool("test_input_required_result_elicitation", era="modern")
def input_elicitation(request):
    """Asks for a name, then greets."""
    name = content_of(request.responses().get("user_name"), "name")
    if name is not None:
        return said(f"Hello, {name}!")
    request.require("elicitation")
    return input_required({"user_name": elicit("What is your name?", "name")})


@tool("test_input_required_result_sampling", era="modern")
def input_sampling(request):
    """Asks the client's model, then tells."""
    answer = request.responses().get("capital_question")
    if answer is not None:
        return said(str((answer.get("content") or {}).get("text", "")) or "no text")
    request.require("sampling")
    return input_required({"capital_question": sample("What is the capital of France?")})


@tool("test_input_required_result_list_roots", era="modern")
def input_roots(request):
    """Asks for the roots, then counts them."""
    answer = request.responses().get("client_roots")
    if answer is not None:
        return said(f"{len(answer.get('roots', []))} roots")
    request.require("roots")
    return input_required({"client_roots": {"method": "roots/list", "params": {}}})


@tool("test_input_required_result_request_state", era="modern")
def input_state(request):
    """Asks for a confirmation and wants its state back."""
    if request.responses().get("confirm") is not None and signed(request) == "confirm":
        return said("state-ok")
    return input_required({"confirm": elicit("Please confirm", "ok")}, sign("confirm"))


@tool("test_input_required_result_multiple_inputs", era="modern")
def input_multiple(request):
    """Asks for three things at once."""
    given = request.responses()
    if {"user_name", "greeting", "client_roots"} <= set(given) and signed(request) == "multiple":
        return said("all inputs received")
    return input_required({"user_name": elicit("What is your name?", "name"), "greeting": sample("Say hello"),
                           "client_roots": {"method": "roots/list", "params": {}}}, sign("multiple"))


@tool("test_input_required_result_multi_round", era="modern")
def input_rounds(request):
    """Asks twice, with a state that goes on."""
    given = request.responses()
    if "step2" in given and signed(request) == {"step": 2}:
        return said("both steps done")
    if "step1" in given and signed(request) == {"step": 1}:
        return input_required({"step2": elicit("Step 2: what colour?", "color")}, sign({"step": 2}))
    return input_required({"step1": elicit("Step 1: what name?", "name")}, sign({"step": 1}))


@tool("test_input_required_result_tampered_state", era="modern")
def input_tampered(request):
    """Refuses a state that was changed."""
    if request.responses().get("confirm") is not None:
        signed(request)
        return said("state-ok")
    return input_required({"confirm": elicit("Please confirm", "ok")}, sign("tamper"))


@tool("test_input_required_result_capabilities", era="modern")
def input_capabilities(request):
    """Asks only for what the client declared."""
    wanted = {"sampled": ("sampling", sample("Say hello")), "asked": ("elicitation", elicit("Your name?", "name")),
              "rooted": ("roots", {"method": "roots/list", "params": {}})}
    requests = {key: ask for key, (capability, ask) in wanted.items() if request.may(capability)}
    if requests and not set(requests) <= set(request.responses()):
        return input_required(requests)
    return said("nothing to ask")
