#include "gateway/upstream/upstream.hpp"

#include <boost/asio/this_coro.hpp>

#include "async/scope.hpp"
#include "text/nearest.hpp"

namespace oap::gateway {

void UpstreamSet::add(std::unique_ptr<Upstream> upstream) {
  std::string name(upstream->name());
  upstreams_[std::move(name)] = std::move(upstream);
}

Result<Upstream*> UpstreamSet::find(std::string_view name) const {
  const auto it = upstreams_.find(name);
  if (it == upstreams_.end()) {
    return fail(Code::kNotFound, "Unknown MCP server: {}{}", name,
                text::did_you_mean(std::string(name), names()));
  }
  return it->second.get();
}

std::vector<Upstream*> UpstreamSet::all() const {
  std::vector<Upstream*> list;
  for (const auto& [name, upstream] : upstreams_) {
    list.push_back(upstream.get());
  }
  return list;
}

std::vector<std::string> UpstreamSet::names() const {
  std::vector<std::string> list;
  for (const auto& [name, upstream] : upstreams_) {
    list.push_back(name);
  }
  return list;
}

Task<void> UpstreamSet::close() {
  const Executor executor = co_await boost::asio::this_coro::executor;
  async::Scope closing(executor);
  for (Upstream* upstream : all()) {
    closing.spawn(upstream->close());
  }
  co_await closing.join();
}

}  // namespace oap::gateway
