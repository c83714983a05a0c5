#include "gateway/upstream/place.hpp"

namespace oap::gateway {

mcp::AskHandler freeing(mcp::AskHandler ask, Place& one, Place& other) {
  return [ask = std::move(ask), &one, &other](std::string method, json::Object params) {
    one.reset();
    other.reset();
    return ask(std::move(method), std::move(params));
  };
}

}  // namespace oap::gateway
