#include "llm/models.hpp"

#include <string>
#include <utility>
#include <vector>

#include "base/log.hpp"
#include "json/parse.hpp"
#include "llm/embedded.hpp"

namespace oap::llm {
namespace {

using Table = std::vector<std::pair<std::string, ModelInfo>>;

ModelInfo read_entry(const json::Value& entry) {
  ModelInfo info;
  info.context_window = json::get_int(entry, "context_window", info.context_window);
  info.max_output = json::get_int(entry, "max_output", info.max_output);
  info.reasons = json::get_bool(entry, "reasons", info.reasons);
  if (const json::Object* found = json::find_object(entry, "price")) {
    const json::Value price = *found;
    info.price =
        ModelPrice{json::get_double(price, "input"), json::get_double(price, "output"),
                   json::get_double(price, "cache_read"), json::get_double(price, "cache_write")};
  }
  return info;
}

Table read_table() {
  Table table;
  const auto parsed = json::parse(embedded("models.json"));
  const json::Object* models = parsed ? json::find_object(*parsed, "models") : nullptr;
  if (models == nullptr) {
    log::error("llm", "the built-in models.json is damaged");
    return table;
  }
  for (const auto& entry : *models) {
    table.emplace_back(entry.key(), read_entry(entry.value()));
  }
  return table;
}

/// "gpt-5" names "gpt-5" and "gpt-5-2025-08-07", not "gpt-5.9".
bool names(const std::string& key, std::string_view model) {
  if (!model.starts_with(key)) {
    return false;
  }
  return model.size() == key.size() ||
         std::string_view("-:@").find(model[key.size()]) != std::string_view::npos;
}

}  // namespace

ModelInfo find_model(std::string_view model) {
  static const Table table = read_table();
  model.remove_prefix(model.rfind('/') == std::string_view::npos ? 0 : model.rfind('/') + 1);
  const std::pair<std::string, ModelInfo>* best = nullptr;
  for (const auto& entry : table) {
    if (names(entry.first, model) && (best == nullptr || entry.first.size() > best->first.size())) {
      best = &entry;
    }
  }
  return best == nullptr ? ModelInfo{} : best->second;
}

std::optional<double> cost_of(const Usage& usage, const ModelInfo& model) {
  if (!model.price) {
    return std::nullopt;
  }
  const auto dollars = [](std::int64_t tokens, double per_million) {
    return static_cast<double>(tokens) * per_million / 1e6;
  };
  return dollars(usage.input_tokens, model.price->input) +
         dollars(usage.output_tokens, model.price->output) +
         dollars(usage.cache_read_tokens, model.price->cache_read) +
         dollars(usage.cache_write_tokens, model.price->cache_write);
}

}  // namespace oap::llm
