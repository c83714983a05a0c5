#include "llm/factory.hpp"

#include <algorithm>

#include "llm/anthropic.hpp"
#include "llm/http_provider.hpp"
#include "llm/offline.hpp"
#include "llm/openai_chat.hpp"
#include "llm/openai_responses.hpp"
#include "net/url.hpp"
#include "text/nearest.hpp"
#include "text/strings.hpp"

namespace oap::llm {
namespace {

struct Vendor {
  const char* key_variable;
  const char* url_variable;
  const char* url;
};

constexpr Vendor kOpenAi{"OPENAI_API_KEY", "OPENAI_BASE_URL", "https://api.openai.com/v1"};
constexpr Vendor kAnthropic{"ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "https://api.anthropic.com"};

std::string type_of(const ProviderSettings& settings) {
  return settings.type.empty() ? settings.name : settings.type;
}

const Vendor* vendor_of(std::string_view type) {
  if (type == "anthropic") {
    return &kAnthropic;
  }
  return type == "openai" || type == "openai-responses" ? &kOpenAi : nullptr;
}

std::string trimmed(const std::optional<std::string>& value) {
  return value ? std::string(text::trim(*value)) : std::string();
}

bool is_local(std::string_view base_url) {
  const auto url = net::parse_url(base_url);
  return url && net::is_loopback(url->host);
}

std::string host_of(std::string_view base_url) {
  const auto url = net::parse_url(base_url);
  return url ? url->host : std::string();
}

/// Whether the settings themselves name a place other than the vendor's, or the environment's.
bool names_own_place(const ProviderSettings& settings, const Vendor& vendor,
                     const std::string& url_from_environment) {
  return !settings.base_url.empty() && settings.base_url != url_from_environment &&
         host_of(settings.base_url) != host_of(vendor.url);
}

std::string key_advice(const Vendor& vendor, const std::string& host) {
  if (host == host_of(vendor.url) || net::is_loopback(host)) {
    return fmt::format("set {} in the environment, or api_key of that provider in config.yaml",
                       vendor.key_variable);
  }
  return fmt::format("set api_key of that provider in config.yaml, e.g. api_key: ${{{}}}",
                     vendor.key_variable);
}

bool has_credentials(const ProviderSettings& settings) {
  return !settings.api_key.empty() ||
         net::find_header(settings.headers, "authorization") != nullptr ||
         net::find_header(settings.headers, "x-api-key") != nullptr ||
         net::find_header(settings.headers, "api-key") != nullptr;
}

bool looks_like_o_series(std::string_view model) {
  return model.size() >= 2 && model[0] == 'o' && text::is_digit(model[1]);
}

std::vector<std::string> all_providers(const std::vector<std::string>& configured) {
  std::vector<std::string> names = builtin_providers();
  for (const std::string& name : configured) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      names.push_back(name);
    }
  }
  return names;
}

}  // namespace

const std::vector<std::string>& builtin_providers() {
  static const std::vector<std::string> names = {"anthropic", "openai", "openai-responses",
                                                 "offline", "replay"};
  return names;
}

ProviderSettings with_environment(ProviderSettings settings, const Environment& environment) {
  const Vendor* vendor = vendor_of(type_of(settings));
  if (vendor == nullptr) {
    return settings;
  }
  const std::string given_url = trimmed(environment(vendor->url_variable));
  const bool own_place = names_own_place(settings, *vendor, given_url);
  if (settings.base_url.empty()) {
    settings.base_url = given_url;
  }
  if (settings.base_url.empty()) {
    settings.base_url = vendor->url;
  }
  if (has_credentials(settings) || (own_place && !is_local(settings.base_url))) {
    return settings;
  }
  settings.api_key = trimmed(environment(vendor->key_variable));
  if (settings.api_key.empty() && vendor == &kAnthropic) {
    if (const std::string token = trimmed(environment("ANTHROPIC_AUTH_TOKEN")); !token.empty()) {
      settings.headers.emplace_back("authorization", "Bearer " + token);
    }
  }
  return settings;
}

Result<std::unique_ptr<Provider>> make_provider(const ProviderSettings& settings,
                                                net::HttpClient& client) {
  const std::string type = type_of(settings);
  if (type == "offline") {
    return std::make_unique<OfflineProvider>();
  }
  const Vendor* vendor = vendor_of(type);
  if (vendor == nullptr) {
    return fail(Code::kConfiguration, "provider '{}' has the unknown type '{}'{}; known: {}",
                settings.name, type, text::did_you_mean(type, builtin_providers()),
                text::join(builtin_providers(), ", "));
  }
  const std::string base_url = settings.base_url.empty() ? vendor->url : settings.base_url;
  const auto url = net::parse_url(base_url);
  if (!url) {
    return fail(Code::kConfiguration, "base_url of provider '{}': {}", settings.name,
                url.error().message());
  }
  if (!has_credentials(settings) && !net::is_loopback(url->host)) {
    return fail(Code::kUnauthenticated, "no API key for provider '{}': {}", settings.name,
                key_advice(*vendor, url->host));
  }
  Endpoint endpoint{settings.name, base_url, settings.api_key, settings.headers,
                    settings.stall_timeout};
  endpoint.prices = settings.prices;
  endpoint.key_advice = key_advice(*vendor, url->host);
  endpoint.retry.max_retries = std::max(settings.max_retries, 0);
  std::unique_ptr<const Dialect> dialect;
  if (type == "anthropic") {
    dialect = std::make_unique<AnthropicDialect>(settings.name);
  } else if (type == "openai-responses") {
    dialect = std::make_unique<OpenAiResponsesDialect>(settings.name);
  } else {
    dialect = std::make_unique<OpenAiChatDialect>(settings.name, url->host == "api.openai.com");
  }
  return std::make_unique<HttpProvider>(std::move(endpoint), std::move(dialect), client);
}

Result<ModelRef> parse_model(std::string_view text, const std::vector<std::string>& configured) {
  const std::string_view written = text::trim(text);
  const std::vector<std::string> names = all_providers(configured);
  const std::size_t slash = written.find('/');
  const std::string first(written.substr(0, slash));
  const bool known = std::find(names.begin(), names.end(), first) != names.end();
  if (first == "offline" && known) {
    return ModelRef{first, {}};
  }
  if (known && slash != std::string_view::npos && slash + 1 < written.size()) {
    return ModelRef{first, std::string(written.substr(slash + 1))};
  }
  if (known) {
    return fail(Code::kUsage, "'{}' names a provider but no model: write {}/MODEL{}", written,
                first, first == "replay" ? ", where MODEL is the file that --record wrote" : "");
  }
  if (slash == std::string_view::npos && written.starts_with("claude-")) {
    return ModelRef{"anthropic", std::string(written)};
  }
  if (slash == std::string_view::npos &&
      (written.starts_with("gpt-") || looks_like_o_series(written))) {
    return ModelRef{"openai", std::string(written)};
  }
  return fail(Code::kUsage, "'{}' names no known provider{}: write PROVIDER/MODEL with one of {}",
              written, text::did_you_mean(first, names), text::join(names, ", "));
}

}  // namespace oap::llm
