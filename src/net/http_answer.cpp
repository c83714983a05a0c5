#include "net/http_answer.hpp"

#include <algorithm>

#include <fmt/compile.h>
#include <fmt/format.h>

#include "json/print.hpp"
#include "text/strings.hpp"

namespace oap::net {
namespace {

constexpr int kInternalError = -32603;

bool is_ours(std::string_view name) {
  return text::equals_ci(name, "Content-Length") || text::equals_ci(name, "Transfer-Encoding") ||
         text::equals_ci(name, "Connection");
}

void append_connection(std::string& out, const AnswerHead& head) {
  if (!head.keep_alive) {
    out += "Connection: close\r\n";
  } else if (head.version < 11) {
    out += "Connection: keep-alive\r\n";
  }
}

}  // namespace

std::string write_head(const AnswerHead& head) {
  std::string out;
  out.reserve(512);
  fmt::format_to(std::back_inserter(out), FMT_COMPILE("HTTP/1.1 {} {}\r\nDate: {}\r\n"),
                 head.status, reason_phrase(head.status), head.date);
  for (const auto& [name, value] : *head.headers) {
    if (!is_ours(name)) {
      out.append(name).append(": ").append(value).append("\r\n");
    }
  }
  append_connection(out, head);
  if (head.framing == Framing::kChunked) {
    out += "Transfer-Encoding: chunked\r\n";
  } else if (head.framing == Framing::kLength) {
    fmt::format_to(std::back_inserter(out), FMT_COMPILE("Content-Length: {}\r\n"), head.length);
  }
  out += "\r\n";
  return out;
}

bool are_valid(const HeaderList& headers) {
  return std::all_of(headers.begin(), headers.end(), [](const auto& field) {
    return is_field_name(field.first) && is_field_value(field.second);
  });
}

bool may_have_body(int status) { return status >= 200 && status != 204 && status != 304; }

std::string_view reason_phrase(int status) {
  struct Row {
    int status;
    std::string_view phrase;
  };
  static constexpr Row kRows[] = {
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {303, "See Other"},
      {304, "Not Modified"},
      {307, "Temporary Redirect"},
      {308, "Permanent Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {411, "Length Required"},
      {413, "Content Too Large"},
      {415, "Unsupported Media Type"},
      {422, "Unprocessable Content"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
  };
  for (const Row& row : kRows) {
    if (row.status == status) {
      return row.phrase;
    }
  }
  return "Status";
}

std::string error_body(int code, std::string_view message) {
  return fmt::format(R"({{"jsonrpc":"2.0","id":null,"error":{{"code":{},"message":{}}}}})", code,
                     json::quote(message));
}

HttpReply error_reply(int status, int code, std::string_view message) {
  return {status, {{"Content-Type", "application/json"}}, error_body(code, message)};
}

HttpReply failed_reply() {
  return error_reply(500, kInternalError, "the server failed to answer; see its log");
}

HttpReply invalid_reply() {
  return error_reply(500, kInternalError, "the server's answer had an invalid header");
}

}  // namespace oap::net
