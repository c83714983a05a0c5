#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/paths.hpp"
#include "llm/factory.hpp"
#include "llm/models.hpp"
#include "llm/provider.hpp"
#include "llm/replay.hpp"
#include "net/http_client.hpp"
#include "orchestration/orchestrator.hpp"

namespace oap::platform {

/// Makes the model providers that a run names, once each, and keeps them.
class ModelSet {
 public:
  ModelSet(const config::Config& config, config::Env env, Executor executor,
           llm::Placeholders placeholders);
  ~ModelSet();

  /// The provider and model of "provider/model". kConfiguration, kUnauthenticated.
  struct Choice {
    llm::Provider* provider = nullptr;
    std::string model;
  };
  Result<Choice> choose(const std::string& reference);

  /// From here on every exchange is written to the file.
  Result<void> record(const std::string& path);

  /// What an agent uses: the command line's model, OAP_MODEL, its own, offline.
  std::string reference_for(const config::AgentConfig& agent, const std::string& given) const;

 private:
  Result<std::unique_ptr<llm::Provider>> make(const llm::ModelRef& ref);

  const config::Config& config_;
  config::Env env_;
  llm::Placeholders placeholders_;
  std::unique_ptr<net::HttpClient> http_;
  std::vector<std::unique_ptr<llm::Provider>> recorded_;  ///< what recorders pass on to
  std::map<std::string, std::unique_ptr<llm::Provider>> providers_;
  std::string record_path_;
};

/// The same without a set.
std::string reference_for(const config::AgentConfig& agent, const std::string& given,
                          const config::Env& env);

/// Tokens that the model takes: `models:` of the configuration by its reference or name, else the
/// built-in table.
std::int64_t window_of(const config::Config& config, const std::string& reference,
                       const std::string& model);

/// Dollars a million tokens: `models:` of the configuration by its reference or name, what it does
/// not say from the built-in table. Cached tokens cost what input does where nothing says
/// otherwise. Nothing where a price of input or output is not known.
std::optional<llm::ModelPrice> price_of(const config::Config& config, const std::string& reference,
                                        const std::string& model);

/// The providers that the environment and the configuration name, with what they came to.
std::vector<llm::ProviderSettings> provider_settings(const config::Config& config,
                                                     const config::Env& env);

}  // namespace oap::platform
