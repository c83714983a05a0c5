#include "mcp/answer.hpp"

namespace oap::mcp {

tl::unexpected<Failure> refused(int code, std::string message, std::optional<json::Value> data) {
  Failure failure{Error(Code::kInvalidArgument, message), {}};
  failure.peer = jsonrpc::ErrorObject{code, std::move(message), std::move(data)};
  return tl::unexpected<Failure>(std::move(failure));
}

jsonrpc::ErrorObject to_rpc(const Failure& failure) {
  if (failure.peer) {
    return *failure.peer;
  }
  jsonrpc::ErrorObject error;
  error.code = jsonrpc_code(failure.error.code());
  error.message = failure.error.to_string();
  return error;
}

}  // namespace oap::mcp
