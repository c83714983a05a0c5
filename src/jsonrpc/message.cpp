#include "jsonrpc/message.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "json/append.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"

namespace oap::jsonrpc {
namespace {

using Decoded = tl::expected<Message, Rejected>;

tl::unexpected<Rejected> reject(int code, std::string message, json::Value id = nullptr,
                                bool response = false) {
  return tl::unexpected<Rejected>(Rejected{code, std::move(message), std::move(id), response});
}

/// Moves a member out; nothing where it is absent.
std::optional<json::Value> take(json::Object& object, std::string_view key) {
  const auto it = object.find(key);
  if (it == object.end()) {
    return std::nullopt;
  }
  std::optional<json::Value> value(std::move(it->value()));
  object.stable_erase(it);
  return value;
}

std::optional<std::int64_t> integer_of(const json::Value& value) {
  if (value.is_int64()) {
    return value.get_int64();
  }
  constexpr double kExact = 9007199254740992.0;  // 2^53
  if (value.is_double() && std::abs(value.get_double()) <= kExact &&
      std::trunc(value.get_double()) == value.get_double()) {
    return static_cast<std::int64_t>(value.get_double());
  }
  return std::nullopt;
}

Decoded decode_request(json::Object object, std::optional<json::Value> id, json::Value method) {
  Request request;
  request.is_notification = !id.has_value();
  if (id) {
    if (!is_valid_id(*id)) {
      return reject(kInvalidRequest,
                    fmt::format("the id of a request must be a string or an integer, not {}",
                                json::type_name(*id)));
    }
    request.id = std::move(*id);
  }
  if (!method.is_string()) {
    return reject(kInvalidRequest,
                  fmt::format("method must be a string, not {}", json::type_name(method)),
                  request.id);
  }
  request.method = json::view(method.get_string());
  if (auto params = take(object, "params")) {
    if (!params->is_object()) {
      return reject(kInvalidParams,
                    fmt::format("params must be an object, not {}", json::type_name(*params)),
                    request.id);
    }
    request.params = std::move(params->get_object());
  }
  request.extra = std::move(object);
  return Message(std::move(request));
}

tl::expected<ErrorObject, std::string> decode_error(json::Value value) {
  if (!value.is_object()) {
    return tl::unexpected<std::string>(
        fmt::format("error must be an object, not {}", json::type_name(value)));
  }
  json::Object object = std::move(value.get_object());
  ErrorObject error;
  const auto code = take(object, "code");
  const auto number = code ? integer_of(*code) : std::nullopt;
  if (!number || *number < std::numeric_limits<int>::min() ||
      *number > std::numeric_limits<int>::max()) {
    return tl::unexpected<std::string>("error.code must be an integer of 32 bits");
  }
  error.code = static_cast<int>(*number);
  const auto message = take(object, "message");
  if (!message || !message->is_string()) {
    return tl::unexpected<std::string>("error.message must be a string");
  }
  error.message = json::view(message->get_string());
  error.data = take(object, "data");
  error.extra = std::move(object);
  return error;
}

Decoded decode_response(json::Object object, std::optional<json::Value> id,
                        std::optional<json::Value> result, std::optional<json::Value> error) {
  json::Value known_id = id && is_valid_id(*id) ? *id : json::Value(nullptr);
  if (result && error) {
    return reject(kInvalidRequest, "an answer has either a result or an error, this one has both",
                  std::move(known_id), true);
  }
  const bool id_missing = !id || id->is_null();
  if (id_missing && result) {
    return reject(kInvalidRequest, "an answer with a result must carry the id of its request",
                  nullptr, true);
  }
  if (!id_missing && !is_valid_id(*id)) {
    return reject(kInvalidRequest,
                  fmt::format("the id of an answer must be a string or an integer, not {}",
                              json::type_name(*id)),
                  nullptr, true);
  }
  Response response;
  response.id = known_id;
  if (result) {
    response.result = std::move(*result);
  } else {
    auto decoded = decode_error(std::move(*error));
    if (!decoded) {
      return reject(kInvalidRequest, std::move(decoded).error(), std::move(known_id), true);
    }
    response.error = std::move(*decoded);
  }
  response.extra = std::move(object);
  return Message(std::move(response));
}

/// Prints the members of one message, in the order in which they are put.
class Members {
 public:
  template <class Json>
  void put(std::string_view key, const Json& value) {
    name(key);
    json::append(text_, value);
  }
  void put_text(std::string_view key, std::string_view value) {
    name(key);
    json::append_quoted(text_, value);
  }
  void put_raw(std::string_view key, std::string_view printed) {
    name(key);
    text_ += printed;
  }
  /// Members that have no place of their own; those that have are not put twice.
  void put_extra(const json::Object& extra, std::initializer_list<std::string_view> own) {
    for (const auto& member : extra) {
      const std::string_view key(member.key().data(), member.key().size());
      if (std::find(own.begin(), own.end(), key) == own.end()) {
        put(key, member.value());
      }
    }
  }
  std::string close() {
    text_ += '}';
    return std::move(text_);
  }

 private:
  void name(std::string_view key) {
    text_ += text_.empty() ? '{' : ',';
    json::append_quoted(text_, key);
    text_ += ':';
  }

  std::string text_;
};

std::string print_error(const ErrorObject& error) {
  Members members;
  members.put("code", json::Value(error.code));
  members.put_text("message", error.message);
  if (error.data) {
    members.put("data", *error.data);
  }
  members.put_extra(error.extra, {"code", "message", "data"});
  return members.close();
}

}  // namespace

Response Response::success(json::Value id, json::Value result) {
  Response response;
  response.id = std::move(id);
  response.result = std::move(result);
  return response;
}

Response Response::failure(json::Value id, int code, std::string message) {
  Response response;
  response.id = std::move(id);
  response.error = ErrorObject{code, std::move(message)};
  return response;
}

bool is_valid_id(const json::Value& id) {
  return id.is_string() || id.is_uint64() || integer_of(id).has_value();
}

std::string id_key(const json::Value& id) {
  if (id.is_string()) {
    return "s" + std::string(json::view(id.get_string()));
  }
  if (const auto number = integer_of(id)) {
    return "i" + fmt::to_string(*number);
  }
  return "v" + json::print(id);
}

tl::expected<Message, Rejected> decode(std::string_view text) {
  auto parsed = json::parse(text);
  if (!parsed) {
    return reject(kParseError, "this is not JSON: " + parsed.error().message());
  }
  if (parsed->is_array()) {
    return reject(kInvalidRequest,
                  "batches (arrays of messages) are not supported; send one message at a time");
  }
  if (!parsed->is_object()) {
    return reject(kInvalidRequest,
                  fmt::format("a message must be a JSON object, not {}", json::type_name(*parsed)));
  }
  json::Object object = std::move(parsed->get_object());
  const auto version = take(object, "jsonrpc");
  auto id = take(object, "id");
  auto method = take(object, "method");
  auto result = take(object, "result");
  auto error = take(object, "error");
  const bool response = !method && (result || error);
  json::Value known_id = id && is_valid_id(*id) ? *id : json::Value(nullptr);
  if (!version || !version->is_string() || json::view(version->get_string()) != "2.0") {
    return reject(kInvalidRequest, R"(a message must have "jsonrpc": "2.0")", std::move(known_id),
                  response);
  }
  if (method && (result || error)) {
    return reject(kInvalidRequest, "a message has either a method or a result or an error",
                  std::move(known_id));
  }
  if (method) {
    return decode_request(std::move(object), std::move(id), std::move(*method));
  }
  if (response) {
    return decode_response(std::move(object), std::move(id), std::move(result), std::move(error));
  }
  return reject(kInvalidRequest, "a message must have a method, a result or an error",
                std::move(known_id));
}

Result<Message> parse(std::string_view text) {
  auto decoded = decode(text);
  if (!decoded) {
    return fail(Code::kInvalidArgument, "{}", decoded.error().message);
  }
  return *std::move(decoded);
}

std::string print(Request request) {
  Members members;
  members.put_text("jsonrpc", "2.0");
  if (!request.is_notification) {
    members.put("id", request.id);
  }
  members.put_text("method", request.method);
  if (!request.params.empty()) {
    members.put("params", request.params);
  }
  members.put_extra(request.extra, {"jsonrpc", "id", "method", "params"});
  return members.close();
}

std::string print(Response response) {
  static const json::Value kNothing(json::Object{});
  Members members;
  members.put_text("jsonrpc", "2.0");
  members.put("id", response.id);
  if (response.error) {
    members.put_raw("error", print_error(*response.error));
  } else {
    members.put("result", response.result ? *response.result : kNothing);
  }
  members.put_extra(response.extra, {"jsonrpc", "id", "result", "error"});
  return members.close();
}

std::string print(Message message) {
  return std::visit([](auto& each) { return print(std::move(each)); }, message);
}

}  // namespace oap::jsonrpc
