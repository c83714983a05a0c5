#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/registry.hpp"

namespace oap::metrics {

/// One histogram series: a count for each bucket, the last one for all above.
struct Histo {
  explicit Histo(const std::vector<double>& limits)
      : bounds(&limits),
        buckets(std::make_unique<std::atomic<std::uint64_t>[]>(limits.size() + 1)) {}
  const std::vector<double>* bounds;  ///< ascending, the table's
  std::unique_ptr<std::atomic<std::uint64_t>[]> buckets;
  std::atomic<double> sum{0};
};

enum class Kind { kCounter, kGauge, kHistogram };
std::string_view to_string(Kind kind);

/// What one metric is.
struct Definition {
  std::string name;
  std::string help;
  Kind kind = Kind::kCounter;
  std::vector<std::string> labels;
  std::vector<double> bounds;  ///< of a histogram
  bool operator==(const Definition&) const = default;
};
/// What is wrong with it; empty: nothing. Pure.
std::string fault(const Definition& definition);

/// The series of one metric. Thread-safe.
class Table {
 public:
  /// `dropped` counts what went to `other`, by metric; null: nobody counts.
  Table(Definition definition, std::size_t max_series, Table* dropped);

  const Definition& definition() const { return definition_; }
  Counter counter(std::span<const std::string_view> values) { return Counter(number(values)); }
  Gauge gauge(std::span<const std::string_view> values) { return Gauge(number(values)); }
  Histogram histogram(std::span<const std::string_view> values);

  /// Appends the exposition; nothing where there is no series.
  void print(std::string& out, Format format) const;

 private:
  struct Series {
    std::vector<std::string> values;
    std::atomic<double> number{0};
    std::unique_ptr<Histo> histo;
  };
  Series* series(std::span<const std::string_view> values);
  Series* make(std::string key, std::span<const std::string_view> values);
  std::atomic<double>* number(std::span<const std::string_view> values);
  void print_series(std::string& out, Format format, const Series& series) const;
  void print_histogram(std::string& out, Format format, const Series& series) const;
  std::string labels_of(const Series& series) const;

  const Definition definition_;
  const std::size_t max_series_;
  Table* const dropped_;
  mutable std::shared_mutex mutex_;
  std::map<std::string, std::unique_ptr<Series>, std::less<>> series_;  ///< by joined values
};

}  // namespace oap::metrics
