"""How the mock LLM reads a request and writes an answer in the four wire dialects."""

import json
import re

PIECE = 16


def text_of(content):
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(part.get("text", "") for part in parts if isinstance(part, dict))


def pieces(text):
    return [text[i:i + PIECE] for i in range(0, len(text), PIECE)] or [""]


class Seen:
    """What a rule may ask of a request, in no dialect."""

    def __init__(self, dialect, body):
        self.dialect = dialect
        self.body = body
        self.model = str(body.get("model", ""))
        self.users, self.results = [], 0
        getattr(self, "read_" + dialect)(body)
        choice = body.get("tool_choice")
        self.forced = ""
        if isinstance(choice, dict):
            self.forced = choice.get("name") or choice.get("function", {}).get("name", "")

    def read_anthropic(self, body):
        self.system = text_of(body.get("system", ""))
        self.tools = [tool.get("name", "") for tool in body.get("tools", [])]
        for message in body.get("messages", []):
            if message.get("role") == "user":
                content = message.get("content")
                self.add_user(text_of(content))
                blocks = content if isinstance(content, list) else []
                self.results += sum(block.get("type") == "tool_result" for block in blocks)

    def read_chat(self, body):
        messages = body.get("messages", [])
        self.system = "\n".join(text_of(m.get("content")) for m in messages if m.get("role") == "system")
        self.tools = [tool.get("function", {}).get("name", "") for tool in body.get("tools", [])]
        for message in messages:
            if message.get("role") == "user":
                self.add_user(text_of(message.get("content")))
            self.results += message.get("role") == "tool"

    def read_responses(self, body):
        self.system = body.get("instructions", "")
        self.tools = [tool.get("name", "") for tool in body.get("tools", [])]
        items = body.get("input", [])
        for item in [{"role": "user", "content": items}] if isinstance(items, str) else items:
            if item.get("role") == "user":
                self.add_user(text_of(item.get("content")))
            self.results += item.get("type") == "function_call_output"

    def read_gemini(self, body):
        self.system = text_of(body.get("systemInstruction", {}).get("parts", []))
        self.tools = [each.get("name", "") for tool in body.get("tools", [])
                      for each in tool.get("functionDeclarations", [])]
        for content in body.get("contents", []):
            parts = content.get("parts", [])
            if content.get("role") == "user":
                self.add_user(text_of(parts).strip())
            self.results += sum("functionResponse" in part for part in parts)

    def add_user(self, text):
        if text:
            self.users.append(text)

    def fits(self, when):
        newest = self.users[-1] if self.users else ""
        checks = {
            "agent": lambda want: self.system.lower().startswith(f"you are the {want}".lower()),
            "has_tools": lambda want: bool(self.tools) == want,
            "tool": lambda want: self.forced == want,
            "user": lambda want: re.search(want, newest) is not None,
            "results": lambda want: self.results == want,
            "model": lambda want: re.search(want, self.model) is not None,
        }
        return all(checks[key](want) for key, want in when.items())


class Writer:
    """One answer in one dialect, as events or as a whole."""

    def __init__(self, new_id, seen, answer):
        self.seen, self.answer = seen, answer
        self.text = answer.get("text", "")
        self.id = new_id("msg")
        self.calls = []
        for call in answer.get("tool_calls", []):
            written = call["raw"] if "raw" in call else json.dumps(call.get("arguments", {}))
            self.calls.append({"id": call.get("id") or new_id("call"), "name": call["name"], "written": written,
                               "space": {"namespace": call["namespace"]} if "namespace" in call else {}})
        self.input = max(1, len(json.dumps(seen.body)) // 4)
        self.output = max(1, len(self.text + "".join(c["written"] for c in self.calls)) // 4)
        self.told = answer.get("usage", {}) is not None
        usage = answer.get("usage") or {}
        self.input, self.output = usage.get("input", self.input), usage.get("output", self.output)
        self.cached, self.stored = usage.get("cached", 0), usage.get("stored", 0)

    def events(self):
        return "".join(getattr(self, self.seen.dialect + "_events")())

    def whole(self):
        return getattr(self, self.seen.dialect + "_whole")()

    @staticmethod
    def event(data, name=None):
        return (f"event: {name}\n" if name else "") + f"data: {json.dumps(data)}\n\n"

    # Anthropic
    def anthropic_stop(self):
        return self.answer.get("stop") or ("tool_use" if self.calls else "end_turn")

    def anthropic_usage(self, output):
        return {} if not self.told else {"input_tokens": self.input, "output_tokens": output,
                "cache_creation_input_tokens": self.stored, "cache_read_input_tokens": self.cached}

    def anthropic_message(self, content, stop, output):
        return {"id": self.id, "type": "message", "role": "assistant", "model": self.seen.model, "content": content,
                "stop_reason": stop, "stop_sequence": None, "usage": self.anthropic_usage(output)}

    def anthropic_events(self):
        def event(data):
            return self.event(data, data["type"])

        def block(index, start, deltas):
            yield event({"type": "content_block_start", "index": index, "content_block": start})
            for delta in deltas:
                yield event({"type": "content_block_delta", "index": index, "delta": delta})
            yield event({"type": "content_block_stop", "index": index})

        yield event({"type": "message_start", "message": self.anthropic_message([], None, 1)})
        yield event({"type": "ping"})
        index = 0
        if self.text:
            yield from block(0, {"type": "text", "text": ""},
                             [{"type": "text_delta", "text": piece} for piece in pieces(self.text)])
            index = 1
        for call in self.calls:
            yield from block(index, {"type": "tool_use", "id": call["id"], "name": call["name"], "input": {}},
                             [{"type": "input_json_delta", "partial_json": p} for p in pieces(call["written"])])
            index += 1
        yield event({"type": "message_delta", "delta": {"stop_reason": self.anthropic_stop(), "stop_sequence": None},
                     "usage": {"output_tokens": self.output} if self.told else {}})
        yield event({"type": "message_stop"})

    def anthropic_whole(self):
        content = [{"type": "text", "text": self.text}] if self.text else []
        content += [{"type": "tool_use", "id": call["id"], "name": call["name"], "input": json.loads(call["written"])}
                    for call in self.calls]
        return self.anthropic_message(content, self.anthropic_stop(), self.output)

    # Chat Completions
    def chat_usage(self):
        return {"prompt_tokens": self.input + self.cached, "completion_tokens": self.output,
                "total_tokens": self.input + self.cached + self.output,
                "prompt_tokens_details": {"cached_tokens": self.cached}}

    def chat_call(self, call, written):
        return {"id": call["id"], "type": "function", "function": {"name": call["name"], "arguments": written}}

    def chat_events(self):
        def chunk(choices, **more):
            return self.event({"id": self.id, "object": "chat.completion.chunk", "created": 0,
                               "model": self.seen.model, "choices": choices, **more})

        def delta(piece, finish=None):
            return chunk([{"index": 0, "delta": piece, "finish_reason": finish}])

        yield delta({"role": "assistant", "content": "" if self.text else None})
        for piece in pieces(self.text) if self.text else []:
            yield delta({"content": piece})
        for index, call in enumerate(self.calls):
            yield delta({"tool_calls": [{"index": index, **self.chat_call(call, "")}]})
            for piece in pieces(call["written"]):
                yield delta({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
        yield delta({}, self.answer.get("stop") or ("tool_calls" if self.calls else "stop"))
        if self.told and self.seen.body.get("stream_options", {}).get("include_usage"):
            yield chunk([], usage=self.chat_usage())
        yield "data: [DONE]\n\n"

    def chat_whole(self):
        message = {"role": "assistant", "content": self.text or None}
        if self.calls:
            message["tool_calls"] = [self.chat_call(call, call["written"]) for call in self.calls]
        finish = self.answer.get("stop") or ("tool_calls" if self.calls else "stop")
        return {"id": self.id, "object": "chat.completion", "created": 0, "model": self.seen.model,
                "choices": [{"index": 0, "message": message, "finish_reason": finish}], "usage": self.chat_usage()}

    # Responses
    def responses_items(self):
        if self.text:
            yield {"type": "message", "id": self.id, "role": "assistant", "status": "completed",
                   "content": [{"type": "output_text", "text": self.text, "annotations": []}]}
        for call in self.calls:
            yield {"type": "function_call", "id": "fc_" + call["id"], "call_id": call["id"], "name": call["name"],
                   "arguments": call["written"], "status": "completed", **call["space"]}

    def responses_body(self, status, output):
        return {"id": "resp_" + self.id, "object": "response", "created_at": 0, "status": status, "error": None,
                "incomplete_details": None, "model": self.seen.model, "output": output}

    def responses_events(self):
        number = iter(range(1_000_000))

        def event(kind, **more):
            return self.event({"type": kind, "sequence_number": next(number), **more}, kind)

        yield event("response.created", response=self.responses_body("in_progress", []))
        items = list(self.responses_items())
        for index, item in enumerate(items):
            at = {"output_index": index, "item_id": item["id"]}
            is_call = item["type"] == "function_call"
            begun = {**item, "status": "in_progress", **({"arguments": ""} if is_call else {"content": []})}
            yield event("response.output_item.added", output_index=index, item=begun)
            written = item["arguments"] if is_call else self.text
            kind = "response.function_call_arguments" if is_call else "response.output_text"
            for piece in pieces(written):
                yield event(kind + ".delta", delta=piece, content_index=0, **at)
            yield event(kind + ".done", content_index=0, **{"arguments" if is_call else "text": written}, **at)
            yield event("response.output_item.done", output_index=index, item=item)
        yield event("response.completed", response=self.responses_whole(items))

    def responses_whole(self, items=None):
        output = list(self.responses_items()) if items is None else items
        usage = {"input_tokens": self.input + self.cached, "input_tokens_details": {"cached_tokens": self.cached},
                 "output_tokens": self.output, "output_tokens_details": {"reasoning_tokens": 0},
                 "total_tokens": self.input + self.cached + self.output}
        return {**self.responses_body("completed", output), "usage": usage}

    # Gemini
    def gemini_chunk(self, parts, finish=None):
        usage = {"promptTokenCount": self.input, "candidatesTokenCount": self.output,
                 "totalTokenCount": self.input + self.output}
        candidate = {"index": 0, "content": {"role": "model", "parts": parts}}
        return {"candidates": [{**candidate, **({"finishReason": finish} if finish else {})}],
                "usageMetadata": usage, "modelVersion": self.seen.model, "responseId": self.id}

    def gemini_calls(self):
        return [{"functionCall": {"id": call["id"], "name": call["name"], "args": json.loads(call["written"])}}
                for call in self.calls]

    def gemini_events(self):
        for piece in pieces(self.text) if self.text else []:
            yield self.event(self.gemini_chunk([{"text": piece}]))
        yield self.event(self.gemini_chunk(self.gemini_calls(), self.answer.get("stop") or "STOP"))

    def gemini_whole(self):
        parts = ([{"text": self.text}] if self.text else []) + self.gemini_calls()
        return self.gemini_chunk(parts, self.answer.get("stop") or "STOP")
