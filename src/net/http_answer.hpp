#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "net/http_exchange.hpp"

namespace oap::net {

/// How the end of an answer's body is told (RFC 9112 §6).
enum class Framing { kLength, kChunked, kUntilClose, kNone };

struct AnswerHead {
  int status = 200;
  const HeaderList* headers = nullptr;
  Framing framing = Framing::kLength;
  std::size_t length = 0;  ///< for kLength
  bool keep_alive = true;  ///< the connection stays open after it
  int version = 11;        ///< of the request
  std::string_view date;   ///< an HTTP date
};

/// The bytes of a head up to and with the empty line. Connection, Content-Length and
/// Transfer-Encoding of `headers` are left out: they follow from the other members. Pure.
std::string write_head(const AnswerHead& head);

/// False where a name is no token or a value could split the message.
bool are_valid(const HeaderList& headers);

/// 1xx, 204 and 304 have no body (RFC 9110 §6.4.1).
bool may_have_body(int status);

/// "Not Found"; "Status" for a number that is not registered.
std::string_view reason_phrase(int status);

/// {"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":…}}
std::string error_body(int code, std::string_view message);

/// A reply with such a body.
HttpReply error_reply(int status, int code, std::string_view message);
/// For a handler that did not answer, and for one whose headers are not `are_valid`.
HttpReply failed_reply();
HttpReply invalid_reply();

}  // namespace oap::net
