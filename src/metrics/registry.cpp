#include "metrics/registry.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>

#include "base/log.hpp"
#include "metrics/table.hpp"

namespace oap::metrics {
namespace {

constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();

}  // namespace

struct Registry::State {
  explicit State(std::size_t limit) : max_series(limit) {}

  Table* table(Definition definition);

  const std::size_t max_series;
  Table* dropped = nullptr;
  mutable std::mutex mutex;
  std::map<std::string, std::unique_ptr<Table>, std::less<>> tables;
  std::vector<std::unique_ptr<Table>> hidden;  ///< of defects
  mutable std::vector<std::weak_ptr<const std::function<void()>>> refreshes;
};

Table* Registry::State::table(Definition definition) {
  const std::lock_guard lock(mutex);
  const auto found = tables.find(definition.name);
  if (found != tables.end() && found->second->definition() == definition) {
    return found->second.get();
  }
  std::string wrong = fault(definition);
  if (wrong.empty() && found != tables.end()) {
    wrong = "the name is that of another metric";
  }
  const std::string name = definition.name;
  const std::size_t limit = dropped == nullptr ? kUnlimited : max_series;
  auto made = std::make_unique<Table>(std::move(definition), limit, dropped);
  if (!wrong.empty()) {
    log::error("metrics", "a defect: a metric is not shown", {{"metric", name}, {"reason", wrong}});
    return hidden.emplace_back(std::move(made)).get();
  }
  return tables.emplace(name, std::move(made)).first->second.get();
}

Registry::Registry(std::size_t max_series)
    : state_(std::make_unique<State>(std::max<std::size_t>(max_series, 1))) {
  state_->dropped =
      state_->table({"opencode_metrics_dropped_series_total",
                     "How often a series beyond the limit of its metric was counted as `other`.",
                     Kind::kCounter,
                     {"metric"},
                     {}});
}

Registry::~Registry() = default;

Family<Counter> Registry::counter(const std::string& name, const std::string& help,
                                  std::vector<std::string> labels) {
  return Family<Counter>(state_->table({name, help, Kind::kCounter, std::move(labels), {}}));
}

Family<Gauge> Registry::gauge(const std::string& name, const std::string& help,
                              std::vector<std::string> labels) {
  return Family<Gauge>(state_->table({name, help, Kind::kGauge, std::move(labels), {}}));
}

Family<Histogram> Registry::histogram(const std::string& name, const std::string& help,
                                      std::vector<std::string> labels, std::vector<double> bounds) {
  return Family<Histogram>(
      state_->table({name, help, Kind::kHistogram, std::move(labels), std::move(bounds)}));
}

Registry::Refresh Registry::on_scrape(std::function<void()> refresh) {
  auto owned = std::make_shared<const std::function<void()>>(std::move(refresh));
  const std::lock_guard lock(state_->mutex);
  state_->refreshes.push_back(owned);
  return owned;
}

std::string Registry::scrape(Format format) const {
  std::vector<Refresh> due;
  std::vector<const Table*> tables;
  {
    const std::lock_guard lock(state_->mutex);
    std::erase_if(state_->refreshes, [](const auto& refresh) { return refresh.expired(); });
    for (const auto& refresh : state_->refreshes) {
      due.push_back(refresh.lock());
    }
  }
  for (const Refresh& refresh : due) {
    if (refresh != nullptr) {
      (*refresh)();
    }
  }
  {
    const std::lock_guard lock(state_->mutex);
    for (const auto& [name, table] : state_->tables) {
      tables.push_back(table.get());
    }
  }
  std::string out;
  for (const Table* table : tables) {
    table->print(out, format);
  }
  if (format == Format::kOpenMetrics) {
    out += "# EOF\n";
  }
  return out;
}

template <>
Counter Family<Counter>::with(std::span<const std::string_view> values) const {
  return table_ == nullptr ? Counter() : table_->counter(values);
}
template <>
Gauge Family<Gauge>::with(std::span<const std::string_view> values) const {
  return table_ == nullptr ? Gauge() : table_->gauge(values);
}
template <>
Histogram Family<Histogram>::with(std::span<const std::string_view> values) const {
  return table_ == nullptr ? Histogram() : table_->histogram(values);
}

void Histogram::observe(double value) const {
  if (cell_ == nullptr || std::isnan(value)) {
    return;
  }
  const std::vector<double>& bounds = *cell_->bounds;
  const auto at = std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin();
  cell_->buckets[static_cast<std::size_t>(at)].fetch_add(1, std::memory_order_relaxed);
  cell_->sum.fetch_add(value, std::memory_order_relaxed);
}

std::uint64_t Histogram::count() const {
  std::uint64_t count = 0;
  for (std::size_t i = 0; cell_ != nullptr && i <= cell_->bounds->size(); ++i) {
    count += cell_->buckets[i].load(std::memory_order_relaxed);
  }
  return count;
}

double Histogram::sum() const {
  return cell_ == nullptr ? 0 : cell_->sum.load(std::memory_order_relaxed);
}

std::string_view content_type(Format format) {
  return format == Format::kOpenMetrics
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8";
}

Format format_for(std::string_view accept) {
  return accept.find("application/openmetrics-text") != std::string_view::npos
             ? Format::kOpenMetrics
             : Format::kText;
}

std::vector<double> seconds_bounds() {
  return {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
          0.1,    0.25,    0.5,    1,     2.5,    5,     10,   30,    60};
}

}  // namespace oap::metrics
