#pragma once

#include <optional>
#include <utility>

#include <tl/expected.hpp>

#include "base/result.hpp"
#include "jsonrpc/message.hpp"

namespace oap::mcp {

/// Why a request came to no result. `peer` is there where the peer itself answered with a JSON-RPC
/// error, which then is passed on as it is; `error` always says the same for a person.
struct Failure {
  Error error;
  std::optional<jsonrpc::ErrorObject> peer = {};
};

template <class T>
using Answer = tl::expected<T, Failure>;

/// `return failed(Error(Code::kNotFound, "…"));`
[[nodiscard]] inline tl::unexpected<Failure> failed(Error error) {
  return tl::unexpected<Failure>(Failure{std::move(error), {}});
}
[[nodiscard]] inline tl::unexpected<Failure> failed(Failure failure) {
  return tl::unexpected<Failure>(std::move(failure));
}
/// A JSON-RPC error of this program's own choosing: its code, message and data reach the peer.
[[nodiscard]] tl::unexpected<Failure> refused(int code, std::string message,
                                              std::optional<json::Value> data = {});

/// The JSON-RPC error that tells a peer of a failure: `peer` verbatim, else from the error's code.
jsonrpc::ErrorObject to_rpc(const Failure& failure);

}  // namespace oap::mcp
