#include "platform/serving.hpp"

#include <charconv>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "async/deadline.hpp"
#include "async/sleep.hpp"
#include "base/log.hpp"
#include "gateway/hooks/guards.hpp"
#include "gateway/serve/http_service.hpp"
#include "gateway/serve/mcp_service.hpp"
#include "mcp/protocol.hpp"
#include "net/url.hpp"
#include "platform/gateway_metrics.hpp"
#include "platform/inbound_auth.hpp"
#include "text/strings.hpp"

namespace oap::platform {
namespace {

constexpr Millis kPinsLook{500};
constexpr Millis kGrace{5'000};

struct Address {
  std::string host;
  std::uint16_t port = 0;
};

Result<Address> parse_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  Address address{"127.0.0.1", 0};
  std::string port = text;
  if (colon != std::string::npos) {
    port = text.substr(colon + 1);
    if (colon > 0) {
      address.host = text.substr(0, colon);
    }
  }
  if (address.host.starts_with('[') && address.host.ends_with(']')) {
    address.host = address.host.substr(1, address.host.size() - 2);
  }
  const char* const end = port.data() + port.size();
  const auto parsed = std::from_chars(port.data(), end, address.port);
  if (parsed.ec != std::errc() || parsed.ptr != end) {
    return fail(Code::kUsage, "--http takes ADDRESS:PORT, e.g. 127.0.0.1:8080, not '{}'", text);
  }
  return address;
}

std::string url_of(const Address& address, std::uint16_t port) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return fmt::format("http://{}:{}/mcp", v6 ? "[" + address.host + "]" : address.host, port);
}

/// Everything that one endpoint is made of, in the order of its making.
class Serving {
 public:
  Serving(Platform& platform, Executor executor, ServingOptions options)
      : platform_(platform),
        executor_(executor),
        options_(std::move(options)),
        config_(platform.settings().config),
        audit_(executor, platform.audit(), platform.redactor()),
        service_(platform.gateway(), platform.catalog(), platform.upstreams(), seal_, audit_,
                 serve_options()),
        metrics_(platform.upstreams(),
                 [&platform](std::string_view text) { return platform.redactor().redact(text); }),
        scope_(executor) {
    platform_.gateway().set_observer(metrics_.observer());
  }
  ~Serving() { platform_.gateway().set_observer({}); }
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;

  Task<Result<void>> run() {
    start_servers();
    scope_.spawn(watch_pins());
    Task<Result<void>> endpoint = options_.http ? run_http() : run_stdio();
    Result<void> ended = co_await std::move(endpoint);
    scope_.cancel();
    co_await async::shielded(join());
    co_return ended;
  }

 private:
  Task<Result<void>> join() {
    co_await scope_.join();
    co_await audit_.close();
    co_return Result<void>{};
  }

  gateway::ServeOptions serve_options() {
    gateway::ServeOptions serve;
    serve.info = json::Object{
        {"name", "oap"}, {"title", "oap gateway"}, {"version", mcp::program_version()}};
    std::string servers;
    for (const auto& [name, server] : config_.mcp_servers) {
      servers += (servers.empty() ? "" : ", ") + name;
    }
    serve.instructions =
        servers.empty()
            ? "No MCP server is served here: none is configured, or its folder is not trusted. A "
              "person has to run `oap mcp list` in the workspace, then `oap mcp add` or `oap "
              "trust`."
            : "Governed access to these MCP servers: " + servers + ".";
    serve.list_patience = config_.gateway.list_timeout;
    serve.economy = economy();
    serve.clean = cleaner();
    serve.ask_clients = !options_.asks_are_approved;
    serve.may_list = [this](const Principal& principal, const ToolSpec& spec) {
      ToolCall call;
      call.principal = principal;
      call.server = spec.server;
      call.tool = spec.name;
      const auto request = gateway::permission_request(call, platform_.settings().paths.workspace);
      return platform_.permissions().decide(request).level != Level::kDeny;
    };
    return serve;
  }

  std::function<std::string(std::string)> cleaner() const {
    return [platform = &platform_](const std::string& text) { return platform->cleaned(text); };
  }

  gateway::EconomyOptions economy() const {
    gateway::EconomyOptions economy;
    economy.mode =
        config_.gateway.tool_search ? gateway::CollapseMode::kAuto : gateway::CollapseMode::kNever;
    economy.max_tools = static_cast<std::size_t>(config_.gateway.tool_search_threshold);
    economy.max_tokens = static_cast<std::size_t>(config_.gateway.tool_search_tokens);
    for (const std::string& pattern : config_.gateway.always_load) {
      if (auto glob = text::Glob::compile(pattern, {text::GlobMode::kPlain})) {
        economy.always_load.push_back(*std::move(glob));
      } else {
        log::warn("serve", "a pattern of tool_search.always_load cannot be used",
                  {{"pattern", pattern}, {"error", glob.error().message()}});
      }
    }
    return economy;
  }

  mcp::FrontLimits limits() const {
    mcp::FrontLimits limits;
    limits.max_message_bytes = config_.gateway.max_message;
    limits.session_idle = config_.gateway.session_idle;
    return limits;
  }

  bool is_awaited(const std::string& name) const {
    const auto found = config_.mcp_servers.find(name);
    return found != config_.mcp_servers.end() && found->second.auto_start;
  }

  void start_servers() {
    for (gateway::Upstream* upstream : platform_.upstreams().all()) {
      if (is_awaited(std::string(upstream->name()))) {
        scope_.spawn(start(upstream));
      }
    }
  }

  Task<void> start(gateway::Upstream* upstream) {
    const Deadline patience = Deadline::after(Millis(120'000));
    const auto started = co_await upstream->start(patience);
    if (!started && started.error().code() != Code::kCancelled) {
      log::warn(
          "serve", "a server did not start",
          {{"server", std::string(upstream->name())}, {"error", started.error().to_string()}});
    }
  }

  /// An approval by `oap mcp trust approve` counts while we run.
  Task<void> watch_pins() {
    const std::string path = platform_.pins().store().path();
    struct stat before{};
    ::stat(path.c_str(), &before);
    while (!co_await async::cancel_requested()) {
      co_await async::sleep_for(kPinsLook);
      struct stat now{};
      const bool there = ::stat(path.c_str(), &now) == 0;
      if (there && (now.st_mtim.tv_nsec != before.st_mtim.tv_nsec ||
                    now.st_mtim.tv_sec != before.st_mtim.tv_sec || now.st_ino != before.st_ino)) {
        before = now;
        platform_.catalog().trust_changed();
      }
    }
  }

  Task<Result<void>> run_stdio() {
    mcp::StdioFront front(executor_, service_, limits(), platform_.principal());
    os::UniqueFd in(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
    os::UniqueFd out(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
    if (!in || !out) {
      co_return fail(Code::kUsage, "--stdio needs standard input and output");
    }
    co_return co_await front.serve(std::move(in), std::move(out), kGrace);
  }

  mcp::HttpFrontOptions front_options(const Address& address, const InboundAuth& auth) {
    mcp::HttpFrontOptions options;
    options.allowed_hosts = config_.gateway.allowed_hosts;
    options.allowed_origins = config_.gateway.allowed_origins;
    options.limits = limits();
    options.anonymous = platform_.principal();
    options.authenticator = auth.authenticator.get();
    options.on_turned_away = [this](const mcp::TurnedAway& visit) { audit_.turned_away(visit); };
    if (!config_.gateway.public_url.empty()) {
      if (const auto url = net::parse_url(config_.gateway.public_url)) {
        options.allowed_hosts.push_back(url->host);
      }
    }
    if (!options.allowed_hosts.empty() || !net::is_loopback(address.host)) {
      for (const char* name : {"localhost", "127.0.0.1", "::1"}) {
        options.allowed_hosts.emplace_back(name);
      }
      options.allowed_hosts.push_back(address.host);
    }
    return options;
  }

  gateway::HttpServiceOptions service_options(const InboundAuth& auth) {
    gateway::HttpServiceOptions options;
    options.resource_metadata = auth.resource_metadata;
    for (const auto& [name, server] : config_.mcp_servers) {
      if (server.auto_start && !server.builtin) {
        options.awaited.insert(name);
      }
    }
    options.clean = cleaner();
    options.authenticator = auth.authenticator.get();
    options.metrics = [this] { return metrics_.text(); };
    options.policy_problem = [this] {
      return platform_.redactor().redact(platform_.policy_health().problem);
    };
    return options;
  }

  Task<Result<void>> run_http() {
    OAP_CO_TRY(const Address address, parse_address(*options_.http));
    if (!net::is_loopback(address.host) && !config_.gateway.has_auth()) {
      co_return fail(Code::kUsage,
                     "{} can be reached from other machines: set gateway.auth in config.yaml first "
                     "(api_keys or jwt), or bind 127.0.0.1",
                     address.host);
    }
    OAP_CO_TRY(const InboundAuth auth,
               inbound_auth(platform_.settings(), url_of(address, address.port), platform_.http()));
    mcp::HttpFront front(executor_, service_, front_options(address, auth));
    metrics_.watch(&front);
    gateway::HttpService http(front, platform_.upstreams(), service_options(auth));
    net::HttpServer::Options listen;
    listen.address = address.host;
    listen.port = address.port;
    listen.limits.body = config_.gateway.max_message;
    auto handler = [&http](std::shared_ptr<net::HttpExchange> exchange) {
      return http.handle(std::move(exchange));
    };
    auto server = net::HttpServer::listen(executor_, std::move(listen), std::move(handler));
    if (!server) {
      metrics_.watch(nullptr);
      const Deadline now = Deadline::after(Millis(0));
      co_await front.close(now);
      co_return fail(std::move(server).error());
    }
    if (options_.on_listening) {
      options_.on_listening(url_of(address, (*server)->port()));
    }
    async::Scope accepting(executor_);
    accepting.spawn((*server)->serve());
    async::Event ended(executor_);
    const Deadline never = Deadline::never();
    co_await ended.wait(never);
    co_await async::shielded(shut_down(**server, front, accepting));
    metrics_.watch(nullptr);
    co_return Result<void>{};
  }

  static Task<Result<void>> shut_down(net::HttpServer& server, mcp::HttpFront& front,
                                      async::Scope& accepting) {
    const Deadline grace = Deadline::after(kGrace);
    co_await front.close(grace);
    co_await server.close(grace);
    co_await accepting.join();
    co_return Result<void>{};
  }

  Platform& platform_;
  Executor executor_;
  ServingOptions options_;
  const config::Config& config_;
  gateway::StateSeal seal_;
  gateway::EndpointAudit audit_;
  gateway::McpService service_;
  GatewayMetrics metrics_;
  async::Scope scope_;
};

}  // namespace

Task<Result<void>> serve_mcp(Platform& platform, Executor executor, ServingOptions options) {
  Serving serving(platform, executor, std::move(options));
  co_return co_await serving.run();
}

}  // namespace oap::platform
