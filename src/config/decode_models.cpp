#include "config/decode_sections.hpp"
#include "config/decode_values.hpp"

namespace oap::config {

void decode_provider(std::string_view name, const json::Value& value, Decoding& at) {
  const std::string pointer = "/providers/" + std::string(name);
  ProviderConfig provider;
  provider.name = std::string(name);
  provider.type = text_of(value, "type");
  const bool dialect = name == "openai" || name == "openai-responses" || name == "anthropic";
  if (provider.type.empty() && dialect) {
    provider.type = provider.name;
  } else if (provider.type.empty()) {
    at.problem(pointer, "type is missing; it is one of openai, openai-responses, anthropic");
  }
  provider.base_url = text_of(value, "base_url");
  provider.api_key = text_of(value, "api_key");
  provider.api_key_env = text_of(value, "api_key_env");
  if (!provider.api_key.empty() && !provider.api_key_env.empty()) {
    at.problem(pointer + "/api_key", "stands beside api_key_env; keep one of the two");
  }
  if (!provider.api_key_env.empty()) {
    provider.api_key = at.env(provider.api_key_env);
    if (provider.api_key.size() >= 8) {
      at.config.secrets.push_back(provider.api_key);
    }
  }
  provider.headers = text_map(value, "headers");
  provider.origin = at.origin(pointer).to_string();
  at.config.providers.emplace(provider.name, std::move(provider));
}

void decode_model(std::string_view name, const json::Value& value, Decoding& at) {
  ModelOverride& model = at.config.models[std::string(name)];
  model.context_window = number<std::int64_t>(value, "context_window");
  model.max_output_tokens = number<std::int64_t>(value, "max_output_tokens");
  model.input_price = number<double>(value, "input_price");
  model.output_price = number<double>(value, "output_price");
  model.cache_read_price = number<double>(value, "cache_read_price");
  model.cache_write_price = number<double>(value, "cache_write_price");
}

}  // namespace oap::config
