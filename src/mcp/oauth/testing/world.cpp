#include "mcp/oauth/testing/world.hpp"

#include <algorithm>

#include "crypto/hash.hpp"
#include "crypto/token.hpp"
#include "json/parse.hpp"
#include "json/print.hpp"
#include "mcp/oauth/challenge.hpp"

namespace oap::mcp::oauth::testing {

namespace {

void put_over(json::Object& object, const json::Object& more) {
  for (const auto& member : more) {
    if (member.value().is_null()) {
      object.erase(member.key());
    } else {
      object[member.key()] = member.value();
    }
  }
}

std::string one(const Form& form, std::string_view name) { return single(form, name).value_or(""); }

net::HttpReply error_reply(int status, std::string_view error) {
  return json_reply(status, fmt::format(R"({{"error":"{}"}})", error));
}

}  // namespace

AuthServer::AuthServer(async::Runtime& runtime, std::string name)
    : name_(std::move(name)),
      site_(runtime, [this](const Visit& visit) { return answer(visit); }) {}

net::HttpReply AuthServer::answer(const Visit& visit) {
  if (visit.path == metadata_path) {
    return metadata();
  }
  if (visit.path == prefix + "/authorize") {
    return authorize(visit);
  }
  if (visit.path == prefix + "/token" && visit.method == "POST") {
    return token_reply ? *token_reply : token(visit);
  }
  if (visit.path == prefix + "/register" && visit.method == "POST") {
    return register_client(visit);
  }
  return json_reply(404, "{}");
}

net::HttpReply AuthServer::metadata() const {
  json::Object out;
  out["issuer"] = issuer_claim.value_or(issuer());
  out["authorization_endpoint"] = issuer() + "/authorize";
  out["token_endpoint"] = issuer() + "/token";
  out["registration_endpoint"] = issuer() + "/register";
  out["code_challenge_methods_supported"] = json::Array{"S256"};
  out["token_endpoint_auth_methods_supported"] = json::Array{"none"};
  out["authorization_response_iss_parameter_supported"] = true;
  put_over(out, more_metadata);
  return json_reply(200, json::print(out));
}

net::HttpReply AuthServer::authorize(const Visit& visit) {
  challenge_ = one(visit.query, "code_challenge");
  scope_ = one(visit.query, "scope");
  Form back{{"state", other_state.value_or(one(visit.query, "state"))}};
  if (consent_error.empty()) {
    back.emplace_back("code", "code-" + name_);
  } else {
    back.emplace_back("error", consent_error);
  }
  const std::string right = issuer_claim.value_or(issuer());
  if (iss == Iss::kWrong) {
    back.emplace_back("iss", "https://evil.example.com");
  } else if (iss == Iss::kSlash) {
    back.emplace_back("iss", right + "/");
  } else if (iss != Iss::kAbsent) {
    back.emplace_back("iss", right);
  }
  if (iss == Iss::kTwice) {
    back.emplace_back("iss", right);
  }
  return redirect_to(with_query(one(visit.query, "redirect_uri"), back));
}

bool AuthServer::is_proven(const Visit& visit) const {
  return one(visit.form, "code") == "code-" + name_ &&
         crypto::pkce_fits(one(visit.form, "code_verifier"), challenge_) &&
         !one(visit.form, "resource").empty();
}

net::HttpReply AuthServer::token(const Visit& visit) {
  const std::string grant = one(visit.form, "grant_type");
  std::string scope = scope_;
  if (grant == "authorization_code" && !is_proven(visit)) {
    return error_reply(400, "invalid_grant");
  }
  if (grant == "refresh_token") {
    const std::string given = one(visit.form, "refresh_token");
    if (!known_refresh_tokens.contains(given)) {
      return error_reply(400, "invalid_grant");
    }
    if (rotates) {
      known_refresh_tokens.erase(given);
    }
  } else if (grant != "authorization_code") {
    scope = one(visit.form, "scope");
  }
  scope = granted_scope.value_or(scope);
  const std::string token = fmt::format("token-{}-{}", name_, ++made_);
  tokens_[token] = parse_scopes(scope);
  json::Object out;
  out["access_token"] = token;
  out["token_type"] = "Bearer";
  out["expires_in"] = expires_in;
  if (!scope.empty()) {
    out["scope"] = scope;
  }
  if (gives_refresh_tokens && (grant == "authorization_code" || rotates)) {
    const std::string again = fmt::format("refresh-{}-{}", name_, made_);
    known_refresh_tokens.insert(again);
    out["refresh_token"] = again;
  }
  return json_reply(200, json::print(out));
}

net::HttpReply AuthServer::register_client(const Visit& visit) {
  json::Object out;
  out["client_id"] = fmt::format("client-of-{}", name_);
  const auto request = json::parse_object(visit.body);
  if (request) {
    out["redirect_uris"] = *json::find(*request, "redirect_uris");
  }
  put_over(out, registration_answer);
  return json_reply(registration_status, json::print(out));
}

json::Object AuthServer::last_registration() const {
  return json::parse_object(site_.last(prefix + "/register").body).value_or(json::Object());
}

std::optional<Scopes> AuthServer::scopes_of(const std::string& token) const {
  const auto found = tokens_.find(token);
  return found == tokens_.end() ? std::nullopt : std::optional<Scopes>(found->second);
}

ResourceServer::ResourceServer(async::Runtime& runtime, std::vector<AuthServer*> servers)
    : listed{servers.front()},
      servers_(std::move(servers)),
      site_(runtime, [this](const Visit& visit) { return answer(visit); }) {}

net::HttpReply ResourceServer::refuse(int status, const std::string& error,
                                      const Scopes& scopes) const {
  net::HttpReply reply = json_reply(status, "{}");
  const std::string named =
      names_metadata && !metadata_path.empty() ? site_.url() + metadata_path : std::string();
  reply.headers.emplace_back("WWW-Authenticate",
                             write_challenge({error, "", join_scopes(scopes), named}));
  return reply;
}

net::HttpReply ResourceServer::answer(const Visit& visit) {
  if (visit.path == metadata_path) {
    json::Object out;
    out["resource"] = resource.value_or(url());
    json::Array issuers;
    for (AuthServer* as : listed) {
      issuers.emplace_back(as->issuer());
    }
    out["authorization_servers"] = std::move(issuers);
    if (!scopes_supported.empty()) {
      out["scopes_supported"] = json::Array(scopes_supported.begin(), scopes_supported.end());
    }
    return json_reply(200, json::print(out));
  }
  if (visit.path != "/mcp") {
    return json_reply(404, "{}");
  }
  const std::string sent = visit.header("authorization");
  const std::string token = sent.starts_with("Bearer ") ? sent.substr(7) : std::string();
  std::optional<Scopes> scopes;
  for (AuthServer* as : servers_) {
    if (!scopes && !distrusted.contains(as)) {
      scopes = as->scopes_of(token);
    }
  }
  if (!scopes || revoked.contains(token)) {
    return refuse(401, token.empty() ? "" : "invalid_token", parse_scopes(challenge_scope));
  }
  if (refuses_all_scopes || !covers(*scopes, needs)) {
    return refuse(403, "insufficient_scope", needs);
  }
  return json_reply(200, "{}");
}

World::World()
    : http(runtime.executor()),
      as(runtime, "as"),
      other_as(runtime, "other"),
      server(runtime, {&as, &other_as}),
      consent(http) {
  options.server_name = "shop";
  options.server_url = server.url();
  options.user = "ann";
}

World::~World() = default;

OAuthCredentials& World::credentials() {
  if (!credentials_) {
    OAuthCredentials::Parts parts;
    parts.http = &http;
    parts.store = store;
    parts.consent = has_person ? &consent : nullptr;
    parts.clock = &clock;
    credentials_ = std::make_unique<OAuthCredentials>(options, parts);
  }
  return *credentials_;
}

Task<Result<int>> World::call_task() {
  int status = 0;
  for (int attempt = 0; attempt < 3; ++attempt) {
    OAP_CO_TRY(net::HeaderList headers, co_await credentials().headers(server.url()));
    net::HttpRequest request;
    request.method = "POST";
    request.url = server.url();
    request.headers = headers;
    request.body = "{}";
    request.deadline = Deadline::after(Millis(20'000));
    OAP_CO_TRY(const net::HttpResponse response, co_await http.send(std::move(request)));
    status = response.status;
    if (response.is_success()) {
      co_return status;
    }
    const std::string* challenge = response.header("www-authenticate");
    std::string text = challenge != nullptr ? *challenge : std::string();
    OAP_CO_TRY(const bool again, co_await credentials().refused(
                                     server.url(), status, std::move(text), std::move(headers)));
    if (!again) {
      co_return status;
    }
  }
  co_return status;
}

Result<int> World::call() { return runtime.run(call_task()); }

}  // namespace oap::mcp::oauth::testing
