#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <tl/expected.hpp>

#include "base/result.hpp"
#include "json/value.hpp"

namespace oap::jsonrpc {

inline constexpr int kParseError = -32700;
inline constexpr int kInvalidRequest = -32600;
inline constexpr int kMethodNotFound = -32601;
inline constexpr int kInvalidParams = -32602;
inline constexpr int kInternalError = -32603;

/// A question (`id` is a string or an integer) or, with `is_notification`, a statement without one.
struct Request {
  json::Value id;
  std::string method;
  json::Object params;  ///< empty where the message has none; then none is printed
  bool is_notification = false;
  json::Object extra = {};  ///< members that JSON-RPC does not name, kept and printed again
};

struct ErrorObject {
  int code = kInternalError;
  std::string message;
  std::optional<json::Value> data = {};
  json::Object extra = {};
};

/// An answer: exactly one of `result` and `error` is set. `id` is null only in an error about a
/// message whose id could not be read.
struct Response {
  json::Value id;
  std::optional<json::Value> result = {};
  std::optional<ErrorObject> error = {};
  json::Object extra = {};

  static Response success(json::Value id, json::Value result);
  static Response failure(json::Value id, int code, std::string message);
};

using Message = std::variant<Request, Response>;

/// Why a text is no message, with what is needed to answer it or to end the call it was about.
struct Rejected {
  int code = kParseError;  ///< kParseError, kInvalidRequest or kInvalidParams
  std::string message;     ///< a sentence
  json::Value id;          ///< the id where a valid one could be read, else null
  bool response = false;   ///< it was meant as an answer; never answer it
};

/// Reads one JSON-RPC 2.0 message (https://www.jsonrpc.org/specification, as MCP narrows it:
/// `params` is an object, ids are strings or integers, an error may lack its id). Strict: `jsonrpc`
/// must be "2.0", a request's id is never null, an answer has a result or an error and not both,
/// batches are refused. Pure; any input is safe.
tl::expected<Message, Rejected> decode(std::string_view text);

/// The same, where the reason is a kInvalidArgument error.
Result<Message> parse(std::string_view text);

/// One line of JSON without line breaks and without the newline at its end. Takes its argument so
/// that a large result need not be copied.
std::string print(Request request);
std::string print(Response response);
std::string print(Message message);

/// True for a string or an integer (`1.0` is the integer 1).
bool is_valid_id(const json::Value& id);
/// A text that two ids share exactly where they are the same id: 1 and "1" are different.
std::string id_key(const json::Value& id);

}  // namespace oap::jsonrpc
