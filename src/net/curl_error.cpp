#include "net/curl_error.hpp"

#include <fmt/format.h>

#include "text/utf8.hpp"

namespace oap::net {
namespace {

enum class Kind { kConnect, kTrust, kBroken, kNoHttp, kOther };

Kind kind_of(int code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PROXY:
      return Kind::kConnect;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
      return Kind::kTrust;
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_FAIL_REWIND:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return Kind::kBroken;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_WRITE_ERROR:
      return Kind::kNoHttp;
    default:
      return Kind::kOther;
  }
}

}  // namespace

Error curl_error(CURLcode code, std::string_view origin, std::string_view detail) {
  const std::string shown = text::escape_visible(text::truncate_utf8(detail, 200));
  switch (kind_of(code)) {
    case Kind::kConnect:
      return {Code::kUnavailable,
              fmt::format("cannot connect to {}: {}; check the address and that the server runs",
                          origin, shown)};
    case Kind::kTrust:
      return {Code::kUnauthenticated,
              fmt::format("the certificate of {} is not trusted: {}", origin, shown)};
    case Kind::kBroken:
      return {Code::kUnavailable, fmt::format("the connection to {} broke off: {}", origin, shown)};
    case Kind::kNoHttp:
      return {Code::kUpstream, fmt::format("{} did not answer in valid HTTP: {}", origin, shown)};
    case Kind::kOther:
      break;
  }
  return {Code::kUnavailable, fmt::format("the request to {} failed: {}", origin, shown)};
}

}  // namespace oap::net
