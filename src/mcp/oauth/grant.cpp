#include "mcp/oauth/grant.hpp"

#include <array>
#include <utility>

namespace oap::mcp::oauth {

namespace {

using Source = ClientRegistration::Source;

constexpr std::array<std::pair<Source, std::string_view>, 3> kSources{{
    {Source::kConfigured, "configured"},
    {Source::kMetadataDocument, "metadata_document"},
    {Source::kDynamic, "dynamic"},
}};

std::int64_t seconds(WallTime at) {
  return std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
}

std::optional<WallTime> read_time(const json::Object& object, std::string_view name) {
  const std::int64_t value = json::get_int(object, name, 0);
  if (value <= 0) {
    return std::nullopt;
  }
  return WallTime(std::chrono::seconds(value));
}

void put(json::Object& object, std::string_view name, const std::optional<WallTime>& at) {
  if (at) {
    object[name] = seconds(*at);
  }
}

json::Object to_json(const ClientRegistration& client) {
  json::Object out;
  for (const auto& [source, name] : kSources) {
    if (source == client.source) {
      out["source"] = name;
    }
  }
  out["client_id"] = client.client_id;
  out["client_secret"] = client.client_secret;
  out["auth_method"] = client.auth_method;
  out["redirect_uri"] = client.redirect_uri;
  put(out, "secret_expires_at", client.secret_expires_at);
  return out;
}

json::Object to_json(const Tokens& tokens) {
  json::Object out;
  out["access_token"] = tokens.access_token;
  out["refresh_token"] = tokens.refresh_token;
  out["scope"] = join_scopes(tokens.scopes);
  put(out, "expires_at", tokens.expires_at);
  return out;
}

Result<ClientRegistration> read_client(const json::Object& object) {
  ClientRegistration out;
  const std::string_view name = json::get_string(object, "source");
  bool known = false;
  for (const auto& [source, text] : kSources) {
    if (text == name) {
      out.source = source;
      known = true;
    }
  }
  out.client_id = json::get_string(object, "client_id");
  if (!known || out.client_id.empty()) {
    return fail(Code::kDataLoss, "a stored OAuth client has no known source or no client_id");
  }
  out.client_secret = json::get_string(object, "client_secret");
  out.auth_method = json::get_string(object, "auth_method");
  out.redirect_uri = json::get_string(object, "redirect_uri");
  out.secret_expires_at = read_time(object, "secret_expires_at");
  return out;
}

}  // namespace

bool expires_within(const Tokens& tokens, WallTime now, Millis leeway) {
  return tokens.expires_at && *tokens.expires_at <= now + leeway;
}

json::Object to_json(const Grant& grant) {
  json::Object out;
  out["issuer"] = grant.issuer;
  out["resource"] = grant.resource;
  out["client"] = to_json(grant.client);
  out["requested"] = join_scopes(grant.requested);
  if (grant.tokens) {
    out["tokens"] = to_json(*grant.tokens);
  }
  return out;
}

Result<Grant> read_grant(const json::Object& object) {
  Grant out;
  out.issuer = json::get_string(object, "issuer");
  out.resource = json::get_string(object, "resource");
  const json::Object* client = json::find_object(object, "client");
  if (out.issuer.empty() || client == nullptr) {
    return fail(Code::kDataLoss, "a stored OAuth grant has no issuer or no client");
  }
  OAP_TRY(out.client, read_client(*client));
  out.requested = parse_scopes(json::get_string(object, "requested"));
  if (const json::Object* tokens = json::find_object(object, "tokens")) {
    Tokens read;
    read.access_token = json::get_string(*tokens, "access_token");
    read.refresh_token = json::get_string(*tokens, "refresh_token");
    read.scopes = parse_scopes(json::get_string(*tokens, "scope"));
    read.expires_at = read_time(*tokens, "expires_at");
    if (read.access_token.empty() && read.refresh_token.empty()) {
      return fail(Code::kDataLoss, "stored OAuth tokens are empty");
    }
    out.tokens = std::move(read);
  }
  return out;
}

}  // namespace oap::mcp::oauth
