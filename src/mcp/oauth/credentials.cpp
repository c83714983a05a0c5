#include "mcp/oauth/credentials.hpp"

#include "base/log.hpp"
#include "mcp/oauth/authorization.hpp"
#include "mcp/oauth/challenge.hpp"

namespace oap::mcp::oauth {

namespace {

constexpr Millis kMinute{60'000};
constexpr Millis kRenewalPause{10'000};
constexpr Millis kStepUpMemory{600'000};
constexpr std::string_view kLog = "oauth";

GrantOwner owner_of(const OAuthOptions& options) {
  return GrantOwner{options.user,
                    canonical_resource(options.server_url).value_or(options.server_url)};
}

bool is_usable_now(const Grant& grant, WallTime now) {
  return grant.tokens && !grant.tokens->access_token.empty() &&
         !expires_within(*grant.tokens, now, Millis(0));
}

/// What the server says to a request without a token; "" where it says nothing of use.
Task<std::string> ask_challenge(Web& web, std::string server_url) {
  net::HeaderList headers{{"Content-Type", "application/json"},
                          {"Accept", "application/json, text/event-stream"}};
  std::string body = R"({"jsonrpc":"2.0","id":0,"method":"tools/list","params":{}})";
  const Result<net::HttpResponse> response =
      co_await web.post(std::move(server_url), std::move(headers), std::move(body));
  const bool is_refused = response && response->status == 401;
  co_return is_refused ? all_challenges(response->headers) : std::string();
}

}  // namespace

OAuthCredentials::OAuthCredentials(OAuthOptions options, Parts parts)
    : options_(std::move(options)),
      parts_(parts),
      web_(*parts.http, options_.server_url, options_.request_timeout, options_.private_network),
      owner_(owner_of(options_)),
      origin_(origin_of(options_.server_url)),
      early_(options_.leeway) {}

Task<Result<net::HeaderList>> OAuthCredentials::headers(std::string url) {
  OAP_CO_CHECK_OK(check_origin(url));
  if (!loaded_) {
    OAP_CO_CHECK_OK(co_await load());
  }
  if (is_due()) {
    OAP_CO_CHECK_OK(co_await renew());
  }
  co_return bearer();
}

Task<Result<bool>> OAuthCredentials::refused(std::string url, int status, std::string challenge) {
  OAP_CO_CHECK_OK(check_origin(url));
  std::optional<net::HeaderList> unknown;
  co_return co_await answer_refusal(status, std::move(challenge), std::move(unknown));
}

Task<Result<bool>> OAuthCredentials::refused(std::string url, int status, std::string challenge,
                                             net::HeaderList sent) {
  OAP_CO_CHECK_OK(check_origin(url));
  std::optional<net::HeaderList> known(std::move(sent));
  co_return co_await answer_refusal(status, std::move(challenge), std::move(known));
}

Task<Result<bool>> OAuthCredentials::answer_refusal(int status, std::string challenge,
                                                    std::optional<net::HeaderList> sent) {
  const std::optional<BearerChallenge> said = bearer_challenge(challenge);
  const bool wants_scope = status == 403 && said && said->error == "insufficient_scope";
  if (status != 401 && !wants_scope) {
    co_return false;
  }
  const std::uint64_t before = generation_;
  OAP_CO_TRY(const async::Semaphore::Permit turn, co_await lock());
  OAP_CO_CHECK_OK(co_await load());
  const bool is_new = tokens() != nullptr && (generation_ != before || was_replaced(sent));
  const Scopes missing = wants_scope ? parse_scopes(said->scope) : Scopes();
  if (is_new && covers(tokens()->scopes, missing)) {
    co_return true;
  }
  if (wants_scope) {
    OAP_CO_CHECK_OK(co_await widen(*said, sent.has_value()));
  } else {
    OAP_CO_CHECK_OK(co_await replace_token(std::move(challenge)));
  }
  co_return true;
}

Task<Result<void>> OAuthCredentials::replace_token(std::string challenge) {
  const std::vector<Challenge> all = parse_challenges(challenge);
  const std::optional<BearerChallenge> bearer = bearer_challenge(challenge);
  if (!all.empty() && !bearer) {
    co_return fail(Code::kUnauthenticated,
                   "MCP server {} wants another kind of credentials than OAuth tokens; configure "
                   "its headers",
                   options_.server_name);
  }
  OAP_CO_CHECK_OK(count_grant());
  const BearerChallenge said = bearer.value_or(BearerChallenge{});
  OAP_CO_TRY(Target target, co_await find_target(said.resource_metadata));
  const Grant* held = grant_of(grants_, target.server.issuer);
  const bool can_renew = held != nullptr && held->tokens && !held->tokens->refresh_token.empty() &&
                         held->tokens->access_token != renewed_after_refusal_;
  if (can_renew) {
    Result<Grant> renewed = co_await refresh(means(), target.server, *held);
    if (renewed) {
      renewed_after_refusal_ = renewed->tokens->access_token;
      co_await keep(*std::move(renewed));
      co_return Result<void>{};
    }
    if (renewed.error().code() != Code::kUnauthenticated) {
      co_return fail(std::move(renewed).error());
    }
  }
  Scopes before = unite(held != nullptr ? held->requested : Scopes(), options_.scopes);
  co_return co_await obtain_for(std::move(target), parse_scopes(said.scope), std::move(before));
}

/// Where it is not known which token was refused, one that has the scopes by now is tried first.
Task<Result<void>> OAuthCredentials::widen(BearerChallenge said, bool knows_token) {
  const Scopes missing = parse_scopes(said.scope);
  const bool has_them = tokens() != nullptr && covers(tokens()->scopes, missing);
  if (missing.empty() || (has_them && knows_token)) {
    co_return fail(Code::kPermissionDenied,
                   "MCP server {} refuses a token for want of a scope, but does not name one that "
                   "the token lacks; ask its operator",
                   options_.server_name);
  }
  OAP_CO_CHECK_OK(count_step_up(missing));
  if (has_them) {
    co_return Result<void>{};
  }
  OAP_CO_CHECK_OK(count_grant());
  OAP_CO_TRY(Target target, co_await find_target(said.resource_metadata));
  const Grant* grant = grant_of(grants_, target.server.issuer);
  Scopes before = options_.scopes;
  if (grant != nullptr) {
    before = unite(std::move(before), grant->requested);
    before = unite(std::move(before), grant->tokens ? grant->tokens->scopes : Scopes());
  }
  co_return co_await obtain_for(std::move(target), missing, std::move(before));
}

Task<Result<void>> OAuthCredentials::obtain_for(Target target, Scopes challenged, Scopes before) {
  Scopes scopes = choose_scopes(challenged, target.scopes_supported, before, target.server);
  const std::string issuer = target.server.issuer;
  Result<Grant> made = co_await obtain(means(), std::move(target), grants_, std::move(scopes));
  if (!made) {
    if (made.error().code() == Code::kUnauthenticated && parts_.consent != nullptr) {
      co_await forget_registration(issuer);
    }
    co_return fail(std::move(made).error());
  }
  log::info(kLog, "got a token", {{"server", options_.server_name}, {"issuer", issuer}});
  co_await keep(*std::move(made));
  co_return Result<void>{};
}

bool OAuthCredentials::is_due() const {
  return tokens() != nullptr && expires_within(*tokens(), parts_.clock->wall(), early_) &&
         (parts_.clock->steady() >= no_renewal_before_ ||
          !is_usable_now(grants_.front(), parts_.clock->wall()));
}

Task<Result<void>> OAuthCredentials::renew() {
  OAP_CO_TRY(const async::Semaphore::Permit turn, co_await lock());
  if (!is_due()) {
    co_return Result<void>{};
  }
  OAP_CO_CHECK_OK(co_await reload());
  if (!is_due()) {
    co_return Result<void>{};
  }
  Result<Grant> fresh = co_await fresh_grant(grants_.front());
  if (fresh) {
    co_await keep(*std::move(fresh));
    co_return Result<void>{};
  }
  if (is_usable_now(grants_.front(), parts_.clock->wall())) {
    no_renewal_before_ = parts_.clock->steady() + kRenewalPause;
    log::debug(kLog, "a token could not be renewed early",
               {{"server", options_.server_name}, {"reason", fresh.error().to_string()}});
    co_return Result<void>{};
  }
  if (fresh.error().code() == Code::kUnauthenticated) {
    co_return co_await after_dead_refresh();
  }
  co_return fail(std::move(fresh).error());
}

/// Another process may have used the refresh token first and stored what came.
Task<Result<void>> OAuthCredentials::after_dead_refresh() {
  OAP_CO_CHECK_OK(co_await reload());
  if (!grants_.empty() && !is_usable_now(grants_.front(), parts_.clock->wall())) {
    Grant emptied = grants_.front();
    emptied.tokens.reset();
    co_await keep(std::move(emptied));
  }
  co_return Result<void>{};
}

Task<Result<void>> OAuthCredentials::reload() {
  OAP_CO_TRY(std::vector<Grant> stored, co_await parts_.store->load(owner_));
  const Tokens* held = tokens();
  const std::string before = held != nullptr ? held->access_token : std::string();
  if (stored.empty()) {
    co_return Result<void>{};
  }
  grants_ = std::move(stored);
  if (tokens() == nullptr || tokens()->access_token != before) {
    ++generation_;
  }
  co_return Result<void>{};
}

/// By the refresh token, else by a flow that needs no person.
Task<Result<Grant>> OAuthCredentials::fresh_grant(Grant old) {
  const bool can_refresh = old.tokens && !old.tokens->refresh_token.empty();
  if (!can_refresh && options_.flow == Flow::kAuthorizationCode) {
    co_return fail(Code::kUnauthenticated, "there is nothing to renew the sign-in with");
  }
  std::string issuer = old.issuer;
  OAP_CO_TRY(ServerMetadata server, co_await server_of(std::move(issuer)));
  if (can_refresh) {
    co_return co_await refresh(means(), std::move(server), std::move(old));
  }
  Target target;
  target.resource = old.resource;
  target.server = std::move(server);
  co_return co_await obtain(means(), std::move(target), grants_, std::move(old.requested));
}

Task<Result<void>> OAuthCredentials::login(std::string challenge) {
  OAP_CO_TRY(const async::Semaphore::Permit turn, co_await lock());
  OAP_CO_CHECK_OK(co_await load());
  if (challenge.empty()) {
    challenge = co_await ask_challenge(web_, options_.server_url);
  }
  const BearerChallenge said = bearer_challenge(challenge).value_or(BearerChallenge{});
  OAP_CO_TRY(Target target, co_await find_target(said.resource_metadata));
  co_return co_await obtain_for(std::move(target), parse_scopes(said.scope), options_.scopes);
}

Task<Result<void>> OAuthCredentials::logout() {
  OAP_CO_TRY(const async::Semaphore::Permit turn, co_await lock());
  OAP_CO_CHECK_OK(co_await parts_.store->erase(owner_, std::string()));
  grants_.clear();
  server_.reset();
  ++generation_;
  co_return Result<void>{};
}

Task<Result<SignInStatus>> OAuthCredentials::status() {
  if (!loaded_) {
    OAP_CO_CHECK_OK(co_await load());
  }
  SignInStatus out;
  if (!grants_.empty()) {
    out.issuer = grants_.front().issuer;
  }
  if (const Tokens* held = tokens()) {
    out.has_token = !held->access_token.empty();
    out.can_renew = !held->refresh_token.empty();
    out.scopes = held->scopes;
    out.expires_at = held->expires_at;
  }
  co_return out;
}

Result<void> OAuthCredentials::check_origin(const std::string& url) const {
  if (url == options_.server_url || origin_of(url) == origin_) {
    return {};
  }
  return fail(Code::kPermissionDenied, "the token of MCP server {} is not for {}",
              options_.server_name, origin_of(url));
}

Means OAuthCredentials::means() { return Means{&options_, &web_, parts_.consent, parts_.clock}; }

Task<Result<void>> OAuthCredentials::load() {
  if (!loaded_) {
    OAP_CO_TRY(std::vector<Grant> stored, co_await parts_.store->load(owner_));
    if (!loaded_) {
      grants_ = std::move(stored);
      loaded_ = true;
    }
  }
  co_return Result<void>{};
}

Task<Result<async::Semaphore::Permit>> OAuthCredentials::lock() {
  const Deadline deadline =
      Deadline::after(options_.consent_timeout + options_.request_timeout * 8);
  co_return co_await turn_.acquire(deadline);
}

Task<Result<ServerMetadata>> OAuthCredentials::server_of(std::string issuer) {
  if (server_ && server_->issuer == issuer) {
    co_return *server_;
  }
  OAP_CO_TRY(Target target, co_await find_target(std::string()));
  if (target.server.issuer != issuer) {
    co_return fail(Code::kUnauthenticated, "the server has another authorization server now");
  }
  co_return target.server;
}

Task<Result<Target>> OAuthCredentials::find_target(std::string metadata_url) {
  std::vector<std::string> preferred;
  if (!options_.issuer.empty()) {
    preferred.push_back(options_.issuer);
  }
  for (const Grant& grant : grants_) {
    preferred.push_back(grant.issuer);
  }
  OAP_CO_TRY(Target target, co_await discover(web_, options_.server_url, std::move(metadata_url),
                                              std::move(preferred)));
  server_ = target.server;
  co_return target;
}

/// What cannot be stored is still used: it is lost only when this process ends.
Task<void> OAuthCredentials::keep(Grant grant) {
  put_first(grants_, grant);
  ++generation_;
  early_ = options_.leeway;
  no_renewal_before_ = SteadyTime();
  if (grant.tokens && grant.tokens->expires_at) {
    const auto life = *grant.tokens->expires_at - parts_.clock->wall();
    early_ = std::min(early_, std::chrono::duration_cast<Millis>(life) / 4);
  }
  const Result<void> saved = co_await parts_.store->save(owner_, std::move(grant));
  if (!saved) {
    log::warn(kLog, "a token could not be stored; sign in again after a restart",
              {{"server", options_.server_name}, {"reason", saved.error().to_string()}});
  }
}

/// A registration that did not lead to a token may be gone at the server.
Task<void> OAuthCredentials::forget_registration(std::string issuer) {
  const Grant* held = grant_of(grants_, issuer);
  if (held == nullptr || held->tokens) {
    co_return;
  }
  std::erase_if(grants_, [&](const Grant& grant) { return grant.issuer == issuer; });
  const Result<void> erased = co_await parts_.store->erase(owner_, issuer);
  if (!erased) {
    log::warn(kLog, "an OAuth registration could not be removed from the store",
              {{"server", options_.server_name}, {"reason", erased.error().to_string()}});
  }
}

bool OAuthCredentials::was_replaced(const std::optional<net::HeaderList>& sent) const {
  if (!sent || tokens() == nullptr) {
    return false;
  }
  const std::string* used = net::find_header(*sent, "Authorization");
  return used == nullptr || *used != "Bearer " + tokens()->access_token;
}

Result<void> OAuthCredentials::count_grant() {
  const SteadyTime now = parts_.clock->steady();
  while (!grants_made_.empty() && grants_made_.front() + kMinute <= now) {
    grants_made_.pop_front();
  }
  if (static_cast<int>(grants_made_.size()) >= options_.max_grants_a_minute) {
    return fail(
        Code::kPermissionDenied,
        "MCP server {} refuses the tokens that its authorization server gives out; tried {} "
        "times within a minute",
        options_.server_name, grants_made_.size());
  }
  grants_made_.push_back(now);
  return {};
}

Result<void> OAuthCredentials::count_step_up(const Scopes& scopes) {
  const SteadyTime now = parts_.clock->steady();
  std::erase_if(step_ups_,
                [&](const auto& entry) { return entry.second.last + kStepUpMemory <= now; });
  StepUps& made = step_ups_[join_scopes(scopes)];
  if (made.count >= options_.max_step_ups) {
    return fail(Code::kPermissionDenied,
                "MCP server {} still misses the scope \"{}\" after {} attempts to get it",
                options_.server_name, join_scopes(scopes), made.count);
  }
  ++made.count;
  made.last = now;
  return {};
}

net::HeaderList OAuthCredentials::bearer() const {
  net::HeaderList out;
  if (const Tokens* held = tokens(); held != nullptr && !held->access_token.empty()) {
    out.emplace_back("Authorization", "Bearer " + held->access_token);
  }
  return out;
}

const Tokens* OAuthCredentials::tokens() const {
  return !grants_.empty() && grants_.front().tokens ? &*grants_.front().tokens : nullptr;
}

}  // namespace oap::mcp::oauth
