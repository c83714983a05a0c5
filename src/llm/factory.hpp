#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "llm/models.hpp"
#include "llm/provider.hpp"
#include "net/headers.hpp"
#include "net/http_client.hpp"

namespace oap::llm {

/// One provider as configured. Empty members are filled by `with_environment`.
struct ProviderSettings {
  std::string name;  ///< as in "name/model"
  std::string type;  ///< openai (chat), openai-responses, anthropic, offline; "" = the name
  std::string base_url;
  std::string api_key;  ///< secret
  net::HeaderList headers;
  Millis stall_timeout{60'000};
  int max_retries = 4;
  std::map<std::string, ModelPrice> prices;  ///< by model, in place of the built-in table's
};

/// Reads one environment variable; nothing where it is not set.
using Environment = std::function<std::optional<std::string>(const char* name)>;

/// The settings with what they leave empty taken from OPENAI_API_KEY, OPENAI_BASE_URL,
/// ANTHROPIC_API_KEY, ANTHROPIC_AUTH_TOKEN (sent as a bearer token), ANTHROPIC_BASE_URL, then from
/// the vendor's own address. A vendor's key from the environment is never sent to a base_url that
/// the settings name themselves, unless that is a loopback address.
ProviderSettings with_environment(ProviderSettings settings, const Environment& environment);

/// A provider ready for requests; it contacts nobody yet. `client` is borrowed. Errors:
/// kConfiguration (unknown type, bad base_url), kUnauthenticated (a key is needed and there is
/// none; names the variable to set). A loopback base_url needs no key. `replay` is opened with
/// ReplayProvider::open.
Result<std::unique_ptr<Provider>> make_provider(const ProviderSettings& settings,
                                                net::HttpClient& client);

/// openai, openai-responses, anthropic, offline, replay.
const std::vector<std::string>& builtin_providers();

struct ModelRef {
  std::string provider;
  std::string model;  ///< may contain slashes; for replay a file; for offline ""
};

/// Reads "provider/model", "offline", or a bare model name whose vendor its prefix tells (claude-…,
/// gpt-…, o1…). `configured` names providers besides the built-in ones. kUsage lists the providers.
Result<ModelRef> parse_model(std::string_view text,
                             const std::vector<std::string>& configured = {});

}  // namespace oap::llm
