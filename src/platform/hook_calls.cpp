#include "platform/hook_calls.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "gateway/hooks/guards.hpp"
#include "net/fetch.hpp"
#include "net/plain_host.hpp"
#include "net/url.hpp"
#include "programs/hook_env.hpp"
#include "programs/hook_urls.hpp"
#include "programs/verdict.hpp"
#include "text/strings.hpp"

namespace oap::platform {
namespace {

using programs::Ending;
using programs::Handler;

constexpr std::size_t kMostAnswer = 1U << 20U;
constexpr int kMostTokens = 1'000;

Ending faulty(std::string why) {
  Ending ending;
  ending.fault = std::move(why);
  return ending;
}

bool is_host_of(std::string_view host, const std::vector<std::string>& list) {
  return std::any_of(list.begin(), list.end(), [&](const std::string& one) {
    const std::string low = text::lower_ascii(one);
    return low == "*" || low == text::lower_ascii(host) ||
           (low.starts_with("*.") && text::lower_ascii(host).ends_with(low.substr(1)));
  });
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

Task<Ending> HookCalls::run(const Handler& handler, std::string input, Millis most) {
  const Deadline until = Deadline::after(most);
  std::string clean = parts_.scanner.redact(input);
  if (handler.kind == Handler::Kind::kHttp) {
    co_return co_await post(handler, std::move(clean), until);
  }
  co_return co_await ask(handler, std::move(clean), until);
}

std::string HookCalls::refused(const Handler& handler) const {
  auto url = net::parse_url(handler.command);
  if (!url) {
    return "has no URL that could be used: " + url.error().message();
  }
  url->host = net::plain_host(url->host);
  if (!is_ascii(url->host)) {
    return "posts to a host that is not written in ASCII; write its name as xn--…";
  }
  const programs::HookSet& hooks = parts_.settings.hooks;
  if (hooks.urls && !programs::is_listed(handler.command, *hooks.urls)) {
    return "posts to a URL that allowedHttpHookUrls does not list";
  }
  const auto& hosts = parts_.settings.config.sandbox.allowed_hosts;
  const bool project = handler.owner == programs::Owner::kProject;
  if (project && hosts && !net::is_loopback(url->host) && !is_host_of(url->host, *hosts)) {
    return fmt::format("posts to {}, which sandbox.allowed_hosts does not list", url->host);
  }
  const std::string plain =
      url->origin() + url->path + (url->query.empty() ? "" : "?" + url->query);
  for (const std::string& form : {handler.command, plain}) {
    ToolCall call;
    call.server = kBuiltinServer;
    call.tool = "web_fetch";
    call.arguments = {{"url", form}};
    const std::string& workspace = parts_.settings.paths.workspace;
    if (parts_.policy.decide(gateway::permission_request(call, workspace)).level == Level::kDeny) {
      return fmt::format("posts to {}, which a permission rule denies", url->host);
    }
  }
  return "";
}

Task<Ending> HookCalls::post(const Handler& handler, std::string input, Deadline until) {
  if (std::string why = refused(handler); !why.empty()) {
    co_return faulty(std::move(why));
  }
  net::HttpRequest request;
  request.method = "POST";
  request.url = handler.command;
  request.headers = {{"Content-Type", "application/json"}};
  for (const auto& [name, value] : handler.headers) {
    request.headers.emplace_back(
        name, programs::filled(value, handler, parts_.settings.hooks, parts_.settings.env));
  }
  request.body = std::move(input);
  request.deadline = until;
  request.stall_timeout = Millis(0);
  request.max_body = kMostAnswer;
  net::FetchOptions options;
  const bool project = handler.owner == programs::Owner::kProject;
  options.max_redirects = 0;
  options.https_only = project;
  options.reach = project ? net::Reach::kPublicOrLoopback : net::Reach::kAnywhere;
  auto sending = net::fetch(parts_.http, std::move(request), options);
  auto answer = co_await std::move(sending);
  if (!answer) {
    if (answer.error().code() == Code::kDeadlineExceeded) {
      Ending late;
      late.timed_out = true;
      co_return late;
    }
    co_return faulty("could not post: " + answer.error().message());
  }
  co_return programs::ending_of_http(answer->status, std::move(answer->body));
}

Task<Ending> HookCalls::ask(const Handler& handler, std::string input, Deadline until) {
  const bool claude = handler.model.starts_with("claude-");
  const std::string given = claude ? "anthropic/" + handler.model : handler.model;
  const bool whole = given.find('/') != std::string::npos;
  const auto choice = parts_.models.choose(whole ? given : parts_.model);
  if (!choice) {
    co_return faulty("cannot ask a model: " + choice.error().message());
  }
  if (!choice->provider->is_model()) {
    co_return faulty("cannot ask a model: none is chosen; give --model or set OAP_MODEL");
  }
  llm::Request request;
  request.model = choice->model;
  request.agent = "hook";
  request.system = programs::judge_instructions();
  request.messages = {Message::user(programs::question_of(handler, input))};
  request.max_tokens = kMostTokens;
  request.deadline = until;
  auto asking = choice->provider->complete(std::move(request), {});
  const auto answer = co_await std::move(asking);
  if (!answer) {
    co_return faulty("got no answer from the model: " + answer.error().message());
  }
  co_return programs::ending_of_verdict(handler, answer->message.joined_text());
}

}  // namespace oap::platform
