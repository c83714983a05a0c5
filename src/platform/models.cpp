#include "platform/models.hpp"

#include "llm/models.hpp"
#include "net/url.hpp"

namespace oap::platform {
namespace {

std::vector<std::string> configured_names(const config::Config& config) {
  std::vector<std::string> names;
  for (const auto& [name, provider] : config.providers) {
    names.push_back(name);
  }
  return names;
}

llm::ProviderSettings settings_of(const config::Config& config, const std::string& name) {
  llm::ProviderSettings settings;
  settings.name = name;
  const auto found = config.providers.find(name);
  if (found == config.providers.end()) {
    return settings;
  }
  const config::ProviderConfig& given = found->second;
  settings.type = given.type;
  settings.base_url = given.base_url;
  settings.api_key = given.api_key;
  for (const auto& [key, value] : given.headers) {
    settings.headers.push_back({key, value});
  }
  return settings;
}

llm::Environment environment_of(const config::Env& env) {
  return [env](const char* name) { return env(name); };
}

}  // namespace

std::vector<llm::ProviderSettings> provider_settings(const config::Config& config,
                                                     const config::Env& env) {
  std::vector<std::string> names = {"anthropic", "openai"};
  for (const std::string& name : configured_names(config)) {
    if (name != "anthropic" && name != "openai") {
      names.push_back(name);
    }
  }
  std::vector<llm::ProviderSettings> list;
  for (const std::string& name : names) {
    list.push_back(llm::with_environment(settings_of(config, name), environment_of(env)));
  }
  return list;
}

ModelSet::ModelSet(const config::Config& config, config::Env env, Executor executor,
                   llm::Placeholders placeholders)
    : config_(config),
      env_(std::move(env)),
      placeholders_(std::move(placeholders)),
      http_(std::make_unique<net::HttpClient>(std::move(executor))) {}
ModelSet::~ModelSet() = default;

std::string ModelSet::reference_for(const config::AgentConfig& agent,
                                    const std::string& given) const {
  return platform::reference_for(agent, given, env_);
}

std::string reference_for(const config::AgentConfig& agent, const std::string& given,
                          const config::Env& env) {
  if (!given.empty()) {
    return given;
  }
  if (const auto variable = env("OAP_MODEL"); variable && !variable->empty()) {
    return *variable;
  }
  return agent.model.empty() ? "offline" : agent.model;
}

std::int64_t window_of(const config::Config& config, const std::string& reference,
                       const std::string& model) {
  for (const std::string& name : {reference, model}) {
    const auto found = config.models.find(name);
    if (found != config.models.end() && found->second.context_window) {
      return *found->second.context_window;
    }
  }
  return llm::find_model(model).context_window;
}

std::optional<llm::ModelPrice> price_of(const config::Config& config, const std::string& reference,
                                        const std::string& model) {
  const std::optional<llm::ModelPrice> known = llm::find_model(model).price;
  for (const std::string& name : {reference, model}) {
    const auto found = config.models.find(name);
    if (found == config.models.end()) {
      continue;
    }
    const config::ModelOverride& own = found->second;
    if (!own.input_price && !own.output_price && !own.cache_read_price && !own.cache_write_price) {
      continue;
    }
    if (!known && (!own.input_price || !own.output_price)) {
      return std::nullopt;
    }
    llm::ModelPrice price = known.value_or(llm::ModelPrice{});
    const bool other = own.input_price.has_value();  // cached tokens are shares of that one
    price.input = own.input_price.value_or(price.input);
    price.output = own.output_price.value_or(price.output);
    price.cache_read = own.cache_read_price.value_or(other ? price.input : price.cache_read);
    price.cache_write = own.cache_write_price.value_or(other ? price.input : price.cache_write);
    return price;
  }
  return known;
}

namespace {

/// By model, for one provider: of `models."provider/model"` and of `models.model`.
std::map<std::string, llm::ModelPrice> prices_of(const config::Config& config,
                                                 const std::string& provider) {
  std::map<std::string, llm::ModelPrice> prices;
  for (const auto& [name, own] : config.models) {
    const bool ours = name.starts_with(provider + "/");
    const std::string model = ours ? name.substr(provider.size() + 1) : name;
    if (const auto price = price_of(config, provider + "/" + model, model)) {
      prices[model] = *price;
    }
  }
  return prices;
}

}  // namespace

Result<std::unique_ptr<llm::Provider>> ModelSet::make(const llm::ModelRef& ref) {
  if (ref.provider == "replay") {
    auto replay = llm::ReplayProvider::open(ref.model, placeholders_);
    if (!replay) {
      return fail(Error(Code::kUsage, replay.error().to_string()));
    }
    return std::unique_ptr<llm::Provider>(*std::move(replay));
  }
  llm::ProviderSettings settings =
      llm::with_environment(settings_of(config_, ref.provider), environment_of(env_));
  settings.prices = prices_of(config_, ref.provider);
  return llm::make_provider(settings, *http_);
}

Result<ModelSet::Choice> ModelSet::choose(const std::string& reference) {
  OAP_TRY(const llm::ModelRef ref, llm::parse_model(reference, configured_names(config_)));
  const std::string key = ref.provider == "replay" ? reference : ref.provider;
  auto found = providers_.find(key);
  if (found == providers_.end()) {
    OAP_TRY(auto provider, make(ref));
    if (!record_path_.empty()) {
      OAP_TRY(auto recorder, llm::RecordingProvider::start(*provider, record_path_, placeholders_));
      recorded_.push_back(std::move(provider));
      provider = std::move(recorder);
    }
    found = providers_.emplace(key, std::move(provider)).first;
  }
  return Choice{found->second.get(), ref.model};
}

Result<void> ModelSet::record(const std::string& path) {
  if (!providers_.empty()) {
    return fail(Code::kFailedPrecondition, "recording must start before the first model is used");
  }
  record_path_ = path;
  return {};
}

}  // namespace oap::platform
