#pragma once

#include <string>
#include <utility>

#include "mcp/client/http_transport.hpp"

namespace oap::mcp {

/// One answer that is being read, and the request it is the answer to.
struct HttpTransport::Read {
  explicit Read(BodyReader reader) : body(std::move(reader)) {}
  BodyReader body;
  RequestId id = 0;
  std::string method;
  net::HeaderList headers;
  std::string session;  ///< the session that the request was made in
};

}  // namespace oap::mcp
