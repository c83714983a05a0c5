#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace oap::metrics {

struct Histo;
class Table;

/// A number that only grows. A handle: two words, freely copied, valid as long as its Registry.
/// All handles are thread-safe (relaxed atomics); one that was default-made counts into nothing.
class Counter {
 public:
  Counter() = default;
  /// Amounts below zero and NaN are left out.
  void add(double amount = 1) const {
    if (cell_ != nullptr && amount > 0) {
      cell_->fetch_add(amount, std::memory_order_relaxed);
    }
  }
  double value() const { return cell_ ? cell_->load(std::memory_order_relaxed) : 0; }

 private:
  friend class Table;
  explicit Counter(std::atomic<double>* cell) : cell_(cell) {}
  std::atomic<double>* cell_ = nullptr;
};

/// A number that goes up and down.
class Gauge {
 public:
  Gauge() = default;
  void set(double value) const {
    if (cell_ != nullptr) {
      cell_->store(value, std::memory_order_relaxed);
    }
  }
  void add(double amount) const {
    if (cell_ != nullptr) {
      cell_->fetch_add(amount, std::memory_order_relaxed);
    }
  }
  double value() const { return cell_ ? cell_->load(std::memory_order_relaxed) : 0; }

 private:
  friend class Table;
  explicit Gauge(std::atomic<double>* cell) : cell_(cell) {}
  std::atomic<double>* cell_ = nullptr;
};

/// How often a value fell below each of some bounds, and their sum. NaN is left out.
class Histogram {
 public:
  Histogram() = default;
  void observe(double value) const;
  std::uint64_t count() const;
  double sum() const;

 private:
  friend class Table;
  explicit Histogram(Histo* cell) : cell_(cell) {}
  Histo* cell_ = nullptr;
};

/// One metric with its label names; gives out the series of given label values.
template <class Handle>
class Family {
 public:
  Family() = default;
  /// The series of these values, in the order of the label names; made where it is new (that costs
  /// a lock and a look-up: keep the handle). Values are cut at 128 bytes, and no valid UTF-8 is
  /// replaced. Where the metric has its limit of series already, the one whose values are all
  /// `other`. A wrong number of values is a defect: it is logged, and the handle counts into
  /// nothing.
  Handle with(std::initializer_list<std::string_view> values) const {
    return with(std::span(values.begin(), values.size()));
  }
  Handle with(std::span<const std::string_view> values) const;
  /// The only series of a metric without labels.
  Handle get() const { return with(std::span<const std::string_view>()); }

 private:
  friend class Registry;
  explicit Family(Table* table) : table_(table) {}
  Table* table_ = nullptr;
};

enum class Format {
  kText,        ///< Prometheus text exposition 0.0.4
  kOpenMetrics  ///< OpenMetrics 1.0
};
/// The Content-Type of a format, and the format for an Accept header.
std::string_view content_type(Format format);
Format format_for(std::string_view accept);

/// Bounds from 100 µs to 60 s.
std::vector<double> seconds_bounds();

/// All metrics of a process. Owned by the composition root; handles must not outlive it.
/// Thread-safe. A scrape does not stop whoever counts.
class Registry {
 public:
  explicit Registry(std::size_t max_series = 1'000);  ///< of one metric
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  /// The metric of that name; the same again where it was asked for before. Names: letters, digits,
  /// `_` and, but for labels, `:`; a counter's ends in `_total`, and no other's does. A bad name,
  /// or the same name for something else, is a defect: it is logged, and the family is not shown.
  Family<Counter> counter(const std::string& name, const std::string& help,
                          std::vector<std::string> labels = {});
  Family<Gauge> gauge(const std::string& name, const std::string& help,
                      std::vector<std::string> labels = {});
  Family<Histogram> histogram(const std::string& name, const std::string& help,
                              std::vector<std::string> labels = {},
                              std::vector<double> bounds = seconds_bounds());

  /// Called before each scrape, to set gauges that are looked up rather than kept. Must not block
  /// nor scrape. Ends when the returned object does, which must be before the registry.
  using Refresh = std::shared_ptr<const std::function<void()>>;
  [[nodiscard]] Refresh on_scrape(std::function<void()> refresh);

  /// Metrics by name, series by label values. A metric without series is left out.
  std::string scrape(Format format) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace oap::metrics
