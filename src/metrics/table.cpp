#include "metrics/table.hpp"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <set>

#include "base/log.hpp"
#include "metrics/escape.hpp"

namespace oap::metrics {
namespace {

constexpr std::size_t kMaxValueBytes = 128;
constexpr std::string_view kOther = "other";
constexpr std::string_view kTotal = "_total";

/// Values never hold the byte 0xFF: what comes here need not be valid, what is kept is.
std::string& joined(std::span<const std::string_view> values) {
  thread_local std::string key;
  key.clear();
  for (const std::string_view value : values) {
    key.append(value).push_back('\xFF');
  }
  return key;
}

void append_bound(std::string& out, Format format, double bound) {
  const std::size_t from = out.size();
  append_number(out, bound);
  if (format == Format::kOpenMetrics && out.find_first_not_of("-0123456789", from) == out.npos) {
    out += ".0";
  }
}

}  // namespace

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::kCounter:
      return "counter";
    case Kind::kGauge:
      return "gauge";
    case Kind::kHistogram:
      return "histogram";
  }
  return "gauge";
}

std::string fault(const Definition& definition) {
  if (!is_metric_name(definition.name)) {
    return "the name is not one of a metric";
  }
  if (definition.name.ends_with(kTotal) != (definition.kind == Kind::kCounter)) {
    return "a counter's name ends in _total, and no other's does";
  }
  std::set<std::string_view> seen;
  for (const std::string& label : definition.labels) {
    if (!is_label_name(label) || !seen.insert(label).second ||
        (label == "le" && definition.kind == Kind::kHistogram)) {
      return fmt::format("the label '{}' is not allowed here", label);
    }
  }
  const std::vector<double>& bounds = definition.bounds;
  const bool rising =
      std::adjacent_find(bounds.begin(), bounds.end(), std::greater_equal<>()) == bounds.end();
  if (definition.kind == Kind::kHistogram &&
      (bounds.empty() || !rising || !std::all_of(bounds.begin(), bounds.end(), [](double bound) {
         return std::isfinite(bound);
       }))) {
    return "a histogram needs finite bounds that rise";
  }
  return {};
}

Table::Table(Definition definition, std::size_t max_series, Table* dropped)
    : definition_(std::move(definition)), max_series_(max_series), dropped_(dropped) {}

Table::Series* Table::series(std::span<const std::string_view> values) {
  if (values.size() != definition_.labels.size()) {
    log::error("metrics", "a defect: a metric was given a wrong number of label values",
               {{"metric", definition_.name}});
    return nullptr;
  }
  {
    const std::shared_lock lock(mutex_);
    if (const auto found = series_.find(std::string_view(joined(values))); found != series_.end()) {
      return found->second.get();
    }
  }
  std::vector<std::string> clean;
  for (const std::string_view value : values) {
    clean.push_back(clean_value(value, kMaxValueBytes));
  }
  std::vector<std::string_view> views(clean.begin(), clean.end());
  const std::unique_lock lock(mutex_);
  if (const auto found = series_.find(std::string_view(joined(views))); found != series_.end()) {
    return found->second.get();
  }
  if (series_.size() < max_series_) {
    return make(joined(views), views);
  }
  if (dropped_ != nullptr) {
    const std::string_view metric = definition_.name;
    dropped_->counter(std::span(&metric, 1)).add();
  }
  views.assign(values.size(), kOther);
  const auto other = series_.find(std::string_view(joined(views)));
  return other != series_.end() ? other->second.get() : make(joined(views), views);
}

Table::Series* Table::make(std::string key, std::span<const std::string_view> values) {
  auto made = std::make_unique<Series>();
  made->values.assign(values.begin(), values.end());
  if (definition_.kind == Kind::kHistogram) {
    made->histo = std::make_unique<Histo>(definition_.bounds);
  }
  return series_.emplace(std::move(key), std::move(made)).first->second.get();
}

std::atomic<double>* Table::number(std::span<const std::string_view> values) {
  Series* found = series(values);
  return found == nullptr ? nullptr : &found->number;
}

Histogram Table::histogram(std::span<const std::string_view> values) {
  Series* found = series(values);
  return Histogram(found == nullptr ? nullptr : found->histo.get());
}

std::string Table::labels_of(const Series& series) const {
  std::string text;
  for (std::size_t i = 0; i < series.values.size(); ++i) {
    text.append(i == 0 ? "" : ",").append(definition_.labels[i]).append("=\"");
    append_escaped(text, series.values[i], true);
    text += '"';
  }
  return text;
}

void Table::print(std::string& out, Format format) const {
  const std::shared_lock lock(mutex_);
  if (series_.empty()) {
    return;
  }
  std::string_view name = definition_.name;
  if (format == Format::kOpenMetrics && definition_.kind == Kind::kCounter) {
    name.remove_suffix(kTotal.size());
  }
  out.append("# HELP ").append(name).append(" ");
  append_escaped(out, definition_.help, format == Format::kOpenMetrics);
  out.append("\n# TYPE ").append(name).append(" ").append(to_string(definition_.kind)).append("\n");
  for (const auto& [key, series] : series_) {
    print_series(out, format, *series);
  }
}

void Table::print_series(std::string& out, Format format, const Series& series) const {
  if (series.histo != nullptr) {
    print_histogram(out, format, series);
    return;
  }
  out += definition_.name;
  if (!series.values.empty()) {
    out.append("{").append(labels_of(series)).append("}");
  }
  out += ' ';
  append_number(out, series.number.load(std::memory_order_relaxed));
  out += '\n';
}

/// The count is the sum of the buckets as read, so that the two always agree.
void Table::print_histogram(std::string& out, Format format, const Series& series) const {
  const std::string labels = labels_of(series);
  const std::vector<double>& bounds = definition_.bounds;
  std::uint64_t count = 0;
  for (std::size_t i = 0; i <= bounds.size(); ++i) {
    count += series.histo->buckets[i].load(std::memory_order_relaxed);
    out.append(definition_.name).append("_bucket{").append(labels);
    out.append(labels.empty() ? "le=\"" : ",le=\"");
    if (i < bounds.size()) {
      append_bound(out, format, bounds[i]);
    } else {
      out += "+Inf";
    }
    out.append("\"} ").append(fmt::to_string(count)).append("\n");
  }
  const std::string braces = labels.empty() ? labels : "{" + labels + "}";
  out.append(definition_.name).append("_sum").append(braces).append(" ");
  append_number(out, series.histo->sum.load(std::memory_order_relaxed));
  out.append("\n").append(definition_.name).append("_count").append(braces).append(" ");
  out.append(fmt::to_string(count)).append("\n");
}

}  // namespace oap::metrics
