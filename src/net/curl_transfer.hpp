#pragma once

#include <optional>
#include <string>
#include <variant>

#include <boost/asio/experimental/concurrent_channel.hpp>
#include <curl/curl.h>

#include "net/curl_library.hpp"
#include "net/http_client.hpp"

namespace oap::net {

/// What a running transfer tells its awaiting coroutine: one head, then pieces of the body, then
/// the end, with the error that caused it or none.
struct TransferHead {
  int status = 0;
  HeaderList headers;
};
struct TransferEnd {
  std::optional<Error> error;
};
using TransferEvent = std::variant<TransferHead, std::string, TransferEnd>;

/// One HTTP exchange under way. Its fields belong to the loop's strand; the events channel is safe
/// from any thread.
struct Transfer {
  using Events =
      boost::asio::experimental::concurrent_channel<void(boost::system::error_code, TransferEvent)>;

  Transfer(HttpRequest request_in, std::string origin_in, Executor awaiting);

  /// Makes `easy` ready for a loop. False: out of memory.
  bool set_up(const CurlLibrary& curl);
  /// Frees what `set_up` made.
  void release(const CurlLibrary& curl);
  /// When it is to be looked at next, as things are.
  SteadyTime due() const;
  /// Why it ended, where curl says `code`.
  std::optional<Error> end_of(const CurlLibrary& curl, CURLcode code);

  HttpRequest request;
  std::string origin;  ///< scheme://host:port, for messages
  Events events;
  CURL* easy = nullptr;
  curl_slist* fields = nullptr;
  TransferHead head;
  bool head_sent = false;
  std::size_t received = 0;
  int attempts = 0;
  curl_off_t uploaded = 0;
  SteadyTime last_byte;
  std::optional<Error> error;           ///< why we ourselves stopped it
  std::optional<AddressClass> refused;  ///< of an address that `reach` does not allow
  bool complete = false;                ///< what still comes, or goes wrong, does not matter
  char detail[CURL_ERROR_SIZE] = {};
};

}  // namespace oap::net
