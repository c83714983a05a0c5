#include "net/curl_transfer.hpp"

#include <utility>

#include <fmt/format.h>
#include <sys/socket.h>

#include "net/curl_error.hpp"
#include "net/url.hpp"
#include "text/strings.hpp"

namespace oap::net {
using boost::system::error_code;

namespace {

curl_socket_t open_socket(void* to, curlsocktype /*purpose*/, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(to);
  const AddressClass found = classify(address->addr);
  if (!is_allowed(transfer.request.reach, found)) {
    transfer.refused = found;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* to) {
  auto& transfer = *static_cast<Transfer*>(to);
  const std::string_view line = text::trim({data, size * count});
  transfer.last_byte = std::chrono::steady_clock::now();
  if (line.starts_with("HTTP/")) {
    transfer.head = TransferHead{};
    const std::size_t blank = line.find(' ');
    for (std::size_t i = blank + 1; i < line.size() && i <= blank + 3; ++i) {
      transfer.head.status = transfer.head.status * 10 + (line[i] - '0');
    }
  } else if (line.empty()) {
    if (transfer.head.status >= 200 && !std::exchange(transfer.head_sent, true)) {
      transfer.events.try_send(error_code{}, std::move(transfer.head));
    }
  } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
    transfer.head.headers.emplace_back(line.substr(0, colon), text::trim(line.substr(colon + 1)));
  }
  return size * count;
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* to) {
  auto& transfer = *static_cast<Transfer*>(to);
  const std::size_t bytes = size * count;
  transfer.last_byte = std::chrono::steady_clock::now();
  transfer.received += bytes;
  if (transfer.received > transfer.request.max_body) {
    transfer.error =
        Error(Code::kResourceExhausted, fmt::format("the answer of {} is longer than {} bytes",
                                                    transfer.origin, transfer.request.max_body));
    return 0;
  }
  transfer.events.try_send(error_code{}, std::string(data, bytes));
  return bytes;
}

/// curl sends a request again by itself where a kept connection was closed without an answer.
int on_attempt(void* to, char*, char*, int, int) {
  auto& transfer = *static_cast<Transfer*>(to);
  if (transfer.attempts++ == 0) {
    return CURL_PREREQFUNC_OK;
  }
  transfer.error.emplace(
      Code::kUnavailable,
      fmt::format("{} closed the connection without an answer; the request may have arrived and is "
                  "not repeated",
                  transfer.origin));
  return CURL_PREREQFUNC_ABORT;
}

int on_progress(void* to, curl_off_t, curl_off_t, curl_off_t, curl_off_t sent) {
  auto& transfer = *static_cast<Transfer*>(to);
  if (sent != transfer.uploaded) {
    transfer.uploaded = sent;
    transfer.last_byte = std::chrono::steady_clock::now();
  }
  return 0;
}

void set_up_route(Transfer& transfer, const CurlLibrary& curl) {
  const auto set = [&](CURLoption option, auto value) {
    curl.easy_setopt(transfer.easy, option, value);
  };
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_TCP_NODELAY, 1L);
  set(CURLOPT_TCP_KEEPALIVE, 1L);
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(transfer.request.connect_timeout.count()));
  const bool guarded = transfer.request.reach != Reach::kAnywhere;
  const auto url = parse_url(transfer.request.url);
  if (guarded || (url && is_loopback(url->host))) {
    set(CURLOPT_NOPROXY, "*");
  }
  if (guarded) {  // a connection from the pool would not be judged
    set(CURLOPT_OPENSOCKETFUNCTION, &open_socket);
    set(CURLOPT_OPENSOCKETDATA, &transfer);
    set(CURLOPT_FRESH_CONNECT, 1L);
    set(CURLOPT_FORBID_REUSE, 1L);
  }
}

}  // namespace

Transfer::Transfer(HttpRequest request_in, std::string origin_in, Executor awaiting)
    : request(std::move(request_in)),
      origin(std::move(origin_in)),
      events(std::move(awaiting), SIZE_MAX),
      last_byte(std::chrono::steady_clock::now()) {}

SteadyTime Transfer::due() const {
  Deadline next = request.deadline;
  if (request.stall_timeout.count() > 0) {
    next = next.sooner(Deadline::at(last_byte + request.stall_timeout));
  }
  return next.time().value_or(SteadyTime::max());
}

bool Transfer::set_up(const CurlLibrary& curl) {
  easy = curl.easy_init();
  if (easy == nullptr) {
    return false;
  }
  const auto set = [&](CURLoption option, auto value) { curl.easy_setopt(easy, option, value); };
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PRIVATE, this);
  set(CURLOPT_ERRORBUFFER, &detail[0]);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_HEADERFUNCTION, &on_header);
  set(CURLOPT_HEADERDATA, this);
  set(CURLOPT_WRITEFUNCTION, &on_body);
  set(CURLOPT_WRITEDATA, this);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &on_progress);
  set(CURLOPT_XFERINFODATA, this);
  if (request.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else if (request.method != "GET" || !request.body.empty()) {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDS, request.body.c_str());
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  }
  set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  if (request.method == "POST") {
    set(CURLOPT_PREREQFUNCTION, &on_attempt);
    set(CURLOPT_PREREQDATA, this);
  }
  for (const auto& [name, value] : request.headers) {
    const std::string field = value.empty() ? name + ";" : name + ": " + value;
    fields = curl.slist_append(fields, field.c_str());
  }
  fields = curl.slist_append(fields, "Expect:");
  set(CURLOPT_HTTPHEADER, fields);
  set_up_route(*this, curl);
  return fields != nullptr;
}

void Transfer::release(const CurlLibrary& curl) {
  if (easy != nullptr) {
    curl.easy_cleanup(std::exchange(easy, nullptr));
  }
  if (fields != nullptr) {
    curl.slist_free_all(std::exchange(fields, nullptr));
  }
}

std::optional<Error> Transfer::end_of(const CurlLibrary& curl, CURLcode code) {
  if (error || code == CURLE_OK) {
    return std::exchange(error, std::nullopt);
  }
  if (refused) {
    return Error(Code::kPermissionDenied,
                 fmt::format("{} is at a {} address, which this request must not reach", origin,
                             to_string(*refused)));
  }
  return curl_error(code, origin, detail[0] != '\0' ? detail : curl.easy_strerror(code));
}

}  // namespace oap::net
